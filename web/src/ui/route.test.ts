import { expect, test } from "vitest";
import { href, parseRoute } from "./route.ts";

test.each([
  ["", []],
  ["#/", []],
  ["#/chat/messages%3Fg12", ["chat", "messages?g12"]],
  ["#/chat/__proto__/7", ["chat", "__proto__", "7"]],
  ["#/chat/100%", ["chat", "100%"]],
  ["#/chat/a%2Fb%23c", ["chat", "a/b#c"]],
])("%s", (hash, want) => {
  expect(parseRoute(hash)).toEqual(want);
});

test("there and back", () => {
  for (const name of ["a/b", "messages?g1", "ü ß", "..", "#", "%41", "<b>"]) expect(parseRoute(href("chat", name))).toEqual(["chat", name]);
});
