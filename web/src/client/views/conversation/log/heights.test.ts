import { describe, expect, it } from "vitest";
import { cost } from "../cost.testing.ts";
import { Heights, windowOf } from "./heights.ts";

/** The same by adding up, to compare with. */
const plain = (each: number[], i: number) => each.slice(0, i).reduce((a, b) => a + b, 0);

describe("Heights", () => {
  it("sums and finds like adding up does, for many lengths and changes", () => {
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (const n of [0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 500]) {
      const each = Array.from({ length: n }, () => 1 + Math.floor(random() * 200));
      const h = new Heights(each);
      for (let k = 0; k < 50 && n > 0; k++) {
        const i = Math.floor(random() * n);
        each[i] = Math.floor(random() * 300);
        h.set(i, each[i] as number);
      }
      for (let i = 0; i <= n; i++) expect(h.top(i)).toBe(plain(each, i));
      expect(h.total()).toBe(plain(each, n));
      for (let y = -5; y < h.total() + 5; y += 17) {
        const i = h.find(y);
        if (n === 0) expect(i).toBe(0);
        else if (y < 0) expect(i).toBe(each.findIndex((x) => x > 0) === -1 ? n - 1 : h.find(0));
        else if (y < h.total()) expect(h.top(i) <= y && y < h.top(i + 1)).toBe(true);
        else expect(i).toBe(n - 1);
      }
    }
  });

  it("ignores rows that are not there", () => {
    const h = new Heights([10, 20]);
    h.set(-1, 5);
    h.set(2, 5);
    expect(h.total()).toBe(30);
  });

  it("renders what is seen and a little more", () => {
    const h = new Heights(new Array<number>(1000).fill(10));
    expect(windowOf(h, 0, 100, 50)).toEqual({ start: 0, end: 16 });
    expect(windowOf(h, 5000, 100, 50)).toEqual({ start: 495, end: 516 });
    expect(windowOf(h, 9900, 100, 50)).toEqual({ start: 985, end: 1000 });
    expect(windowOf(new Heights([]), 0, 100, 50)).toEqual({ start: 0, end: 0 });
  });

  it("changes a row among 50,000 without work that grows with them", () => {
    const h = new Heights(new Array<number>(50_000).fill(60));
    const ms = cost(() => {
      for (let i = 0; i < 100_000; i++) {
        h.set((i * 7919) % 50_000, 40 + (i % 80));
        h.find((i * 104729) % 3_000_000);
      }
    });
    expect(ms).toBeLessThan(1000); // 30 ms alone; quadratic would be minutes
  });
});
