import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { find, groups, read } from "./emojidata.ts";

const file = (language: string) => JSON.parse(readFileSync(`node_modules/emoji-picker-element-data/${language}/cldr/data.json`, "utf8")) as unknown;

describe("the emoji", () => {
  it.each(["en", "de"])("are all there in %s", (language) => {
    const all = read(file(language));
    expect(all.length).toBeGreaterThan(1800);
    expect(new Set(all.map((e) => e.group))).toEqual(new Set(groups));
  });
  it("are found by words, the best first", () => {
    const all = read(file("en"));
    expect(find(all, "telephone")[0]?.emoji).toMatch(/☎|📞/u);
    expect(find(all, "red heart")[0]?.emoji).toMatch(/❤/u);
    expect(find(read(file("de")), "tür").map((e) => e.emoji)).toContain("🚪");
    expect(find(all, "")).toEqual([]);
    expect(find(all, "qqqq")).toEqual([]);
  });
  it("refuses what is no list", () => {
    expect(() => read({ a: 1 })).toThrow();
    expect(read([{ emoji: 1 }, { emoji: "x", annotation: "y", group: 2 }])).toEqual([]);
  });
});
