// No text is missing in any language, no placeholder is lost, and every key that the
// sources name exists.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Texts, choose, direction, languages } from "./index.ts";

const files = import.meta.glob<Texts>("./{en,de,tr}/*.ts", { eager: true, import: "default" });

function flat(texts: Texts, before = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") out.set(before + key, value);
    else for (const [k, v] of flat(value, `${before}${key}.`)) out.set(k, v);
  }
  return out;
}

const all = new Map(languages.map((l) => [l, new Map<string, string>()]));
for (const [path, texts] of Object.entries(files)) {
  const [, lang, area] = /^\.\/(\w+)\/([\w-]+)\.ts$/.exec(path) ?? [];
  for (const [k, v] of flat(texts)) all.get(lang as "en")?.set(`${area}.${k}`, v);
}
const en = all.get("en") ?? new Map<string, string>();
const placeholders = (s: string) => [...s.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();

describe.each(["de", "tr"] as const)("%s", (lang) => {
  const texts = all.get(lang) ?? new Map<string, string>();
  test("has the keys of English", () => expect([...texts.keys()].sort()).toEqual([...en.keys()].sort()));
  test("has the same values to fill in", () => {
    for (const [key, text] of texts) expect([key, placeholders(text)]).toEqual([key, placeholders(en.get(key) ?? "")]);
  });
  test("is translated", () => {
    const same = [...texts].filter(([key, text]) => text.length > 24 && text === en.get(key) && !/^[{}\w\s·:,.-]*\}\}[{}\w\s·:,.-]*$/.test(text));
    expect(same.map(([key]) => key)).toEqual([]);
  });
});

test("no text is empty, shouts, begs or apologises", () => {
  for (const [lang, texts] of all)
    for (const [key, text] of texts) {
      expect([lang, key, text.trim() === ""]).toEqual([lang, key, false]);
      expect([lang, key, /!|\b(please|sorry|oops|bitte|lütfen|üzgün)\b/iu.test(text)]).toEqual([lang, key, false]);
    }
});

test("plurals come as a pair", () => {
  for (const key of en.keys()) {
    const pair = key.endsWith("_one") ? key.replace(/_one$/, "_other") : key.endsWith("_other") ? key.replace(/_other$/, "_one") : key;
    expect([key, en.has(pair)]).toEqual([key, true]);
  }
});

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? sources(join(dir, e.name)) : /\.tsx?$/.test(e.name) && !/\.test\./.test(e.name) ? [join(dir, e.name)] : []));
}

test("every key that is used exists", () => {
  const missing: string[] = [];
  for (const file of sources(new URL("..", import.meta.url).pathname)) {
    if (file.includes("/i18n/")) continue;
    for (const m of readFileSync(file, "utf8").matchAll(/\bt\(\s*"([\w.]+)"/g)) {
      const key = m[1] ?? "";
      if (!en.has(key) && !en.has(`${key}_other`)) missing.push(`${key} (${file.replace(/.*\/src\//, "")})`);
    }
  }
  expect(missing).toEqual([]);
});

test("the language is chosen by the person's list", () => {
  expect(choose(["fr", "de-AT", "en"])).toBe("de");
  expect(choose(["fr"])).toBe("en");
  expect([direction("ar-EG"), direction("tr")]).toEqual(["rtl", "ltr"]);
});
