import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import de from "../../../i18n/de/conversation.ts";
import en from "../../../i18n/en/conversation.ts";
import type { Texts } from "../../../i18n/index.ts";
import tr from "../../../i18n/tr/conversation.ts";

function flat(texts: Texts, path = ""): Map<string, string> {
  return new Map(Object.entries(texts).flatMap(([k, v]) => (typeof v === "string" ? [[path + k, v] as const] : [...flat(v, `${path}${k}.`)])));
}

const places = (text: string) => [...text.matchAll(/\{\{\w+\}\}/g)].map((m) => m[0]).sort();
const english = flat(en);

describe("the texts of the conversation", () => {
  it.each([["de", de], ["tr", tr]] as const)("are complete in %s, with the same values", (_, texts) => {
    const other = flat(texts);
    expect([...other.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of english) {
      if (!/_(zero|one|other)$/.test(key)) expect(places(other.get(key) ?? ""), key).toEqual(places(text));
      expect(other.get(key)?.trim(), key).not.toBe("");
    }
  });

  it("exist where they are asked for, and are all asked for", () => {
    const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter((f) => /\.tsx?$/.test(f) && !f.includes(".test"));
    const all = sources.map((f) => readFileSync(join(import.meta.dirname, f), "utf8")).join("\n");
    const asked = new Set([...all.matchAll(/"conversation\.([\w.]+)"/g)].map((m) => m[1] as string));
    const computed = [...all.matchAll(/`conversation\.(\w+)\.\$/g)].map((m) => `${m[1]}.`);
    const plain = new Set([...english.keys()].map((k) => k.replace(/_(zero|one|other)$/, "")));
    for (const key of asked) expect(plain, key).toContain(key);
    for (const key of plain) expect(asked.has(key) || computed.some((c) => key.startsWith(c)), `${key} is not used`).toBe(true);
  });
});
