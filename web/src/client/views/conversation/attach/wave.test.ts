import { describe, expect, it } from "vitest";
import { bars, clock, level, shareAt, shownWave, waveOf } from "./wave.ts";

describe("waveOf", () => {
  it("gives the same number of bars for a word and for an hour", () => {
    for (const n of [1, 5, 56, 57, 600, 72_000]) expect(waveOf(new Array<number>(n).fill(0.3))).toHaveLength(bars);
    expect(waveOf([])).toEqual([]);
  });
  it("keeps the loudest of each part", () => {
    const levels = new Array<number>(560).fill(0.01);
    levels[283] = 1;
    const wave = waveOf(levels);
    expect(wave[28]).toBe(1);
    expect(Math.max(...wave.filter((_, i) => i !== 28))).toBeLessThan(0.2);
  });
  it("raises a quiet voice, and leaves silence low", () => {
    expect(Math.max(...waveOf([0.1, 0.06, 0.1]))).toBe(1);
    expect(Math.max(...waveOf([0.001, 0.001]))).toBeLessThan(0.2);
  });
  it("stays within 0 and 1", () => {
    for (const x of waveOf([0, 0.5, 1, 0.2])) expect(x >= 0 && x <= 1).toBe(true);
  });
});

describe("level", () => {
  it("is the root of the mean square", () => {
    expect(level([])).toBe(0);
    expect(level([0.5, -0.5])).toBe(0.5);
    expect(level([3, 3])).toBe(1);
  });
});

describe("shownWave", () => {
  it("takes what others send with care", () => {
    expect(shownWave(undefined)).toHaveLength(bars);
    expect(shownWave([Number.NaN, -1, 7, Infinity], 4)).toEqual([0, 0, 1, 0]);
    expect(shownWave(new Array<number>(100_000).fill(1))).toHaveLength(bars);
    expect(shownWave([0, 1], 4)).toEqual([0, 0, 1, 1]);
  });
});

it("shareAt and clock", () => {
  expect(shareAt(150, 100, 100)).toBe(0.5);
  expect(shareAt(0, 100, 100)).toBe(0);
  expect(shareAt(500, 100, 0)).toBe(0);
  expect([0, 7_400, 61_000, 3_723_000, Number.NaN, -5].map(clock)).toEqual(["0:00", "0:07", "1:01", "1:02:03", "0:00", "0:00"]);
});
