import { describe, expect, it } from "vitest";
import { fileKind, fit, secondsLeft, shownAs } from "./kinds.ts";

describe("shownAs", () => {
  it.each([
    ["image/jpeg", "picture"], ["IMAGE/PNG", "picture"], ["image/svg+xml", "file"], ["text/html", "file"],
    ["video/webm;codecs=vp8", "video"], ["audio/ogg; codecs=opus", "voice"], ["", "file"], ["application/pdf", "file"],
  ] as const)("%s is a %s", (type, as) => expect(shownAs({ type })).toBe(as));
});

describe("fileKind", () => {
  it.each([
    ["a.csv", "application/octet-stream", "sheet"], ["a.PDF", "", "pdf"], ["constructor", "", "other"], ["__proto__", "text/x", "text"],
    ["a.tar.gz", "", "archive"], ["x", "application/x-zip-compressed", "archive"], ["a.svg", "image/svg+xml", "image"], ["a.b", "audio/x", "sound"],
  ] as const)("%s (%s) is %s", (name, type, kind) => expect(fileKind(name, type)).toBe(kind));
});

it("secondsLeft", () => {
  expect(secondsLeft(50, 100, 10)).toBe(5);
  expect(secondsLeft(100, 100, 10)).toBe(1);
  expect(secondsLeft(0, 100, 0)).toBeUndefined();
  expect(secondsLeft(0, 100, undefined)).toBeUndefined();
});

it("fit", () => {
  expect(fit(1000, 500, 400, 400)).toEqual({ w: 400, h: 200 });
  expect(fit(500, 1000, 400, 400)).toEqual({ w: 200, h: 400 });
  expect(fit(undefined, 5, 320, 320)).toEqual({ w: 320, h: 180 });
});
