// Screens name tokens only: no raw colour, size or duration outside tokens.css, and every
// pair of colours of section 3 can be told apart, in both themes.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RGB, parseHex, ratio, until } from "./theme.ts";

const src = join(import.meta.dirname, "..");
const tokens = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");

function files(dir: string, end: RegExp): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(dir, e.name), end) : end.test(e.name) ? [join(dir, e.name)] : []));
}

const withoutComments = (css: string) => css.replace(/\/\*[\s\S]*?\*\//g, "");
const raw = {
  colour: /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(/gi,
  size: /(?<![\w.#-])-?(?:\d*\.)?\d+(?:px|rem|pt|cm|mm|in)\b/g,
  duration: /(?<![\w.-])(?:\d*\.)?\d+m?s\b/g,
};
// Half a pixel of ink cannot be a token of its own: what aligns a sign with its line.
const optical = /^-3px$/;

describe("no raw value in", () => {
  for (const file of files(src, /\.css$/).filter((f) => !f.endsWith("ui/tokens.css")))
    test(file.slice(src.length + 1), () => {
      const css = withoutComments(readFileSync(file, "utf8")).replace(/@media[^{]*\{/g, "{");
      const found = Object.entries(raw).flatMap(([kind, re]) => [...css.matchAll(re)].map((m) => `${kind} ${m[0]}`).filter((x) => !optical.test(x.slice(kind.length + 1))));
      expect(found).toEqual([]);
    });
});

test("no style in markup, no colour in components", () => {
  const bad: string[] = [];
  for (const file of files(src, /\.tsx$/).filter((f) => !/\.test\./.test(f))) {
    const text = readFileSync(file, "utf8");
    for (const m of text.matchAll(/\bstyle=(?:"|'|\{["'`])|(?:fill|stroke|stopColor|stop-color)="#/g)) bad.push(`${file.slice(src.length + 1)}: ${m[0]}`);
  }
  expect(bad).toEqual([]);
});

test("every token that is named exists", () => {
  const known = new Set([...tokens.matchAll(/(--[\w-]+)\s*:/g)].map((m) => m[1]));
  // Set by scripts, or by an element for what is in it.
  const local = new Set<string>();
  const missing = new Set<string>();
  const css = files(src, /\.css$/).map((f) => withoutComments(readFileSync(f, "utf8")));
  const code = files(src, /\.tsx?$/).map((f) => readFileSync(f, "utf8"));
  for (const t of css) for (const m of t.matchAll(/(--[\w-]+)\s*:/g)) local.add(m[1] ?? "");
  for (const t of code) for (const m of t.matchAll(/"(--[\w-]+)"/g)) local.add(m[1] ?? "");
  for (const t of css) for (const m of t.matchAll(/var\((--[\w-]+)/g)) if (!known.has(m[1]) && !local.has(m[1] ?? "")) missing.add(m[1] ?? "");
  expect([...missing]).toEqual([]);
});

function valuesOf(selector: string): Map<string, RGB> {
  const start = tokens.indexOf(`${selector} {`);
  const block = tokens.slice(start, tokens.indexOf("\n}", start));
  const out = new Map<string, RGB>();
  for (const m of block.matchAll(/(--[\w-]+):\s*(#[0-9A-Fa-f]{6})\b/g)) {
    const c = parseHex(m[2] ?? "");
    if (c) out.set(m[1] ?? "", c);
  }
  return out;
}

const light = valuesOf(":root");
const dark = new Map([...light, ...valuesOf('[data-theme="dark"]')]);
const grounds = ["--ground", "--panel", "--surface", "--raised", "--own"];
const cords = ["signal", "fern", "ochre", "carmine", "petrol"];

const text: [string, string][] = [
  ...["--ink", "--ink-2", "--ink-3"].flatMap((t) => grounds.map((g): [string, string] => [t, g])),
  ["--on-bakelite", "--bakelite"], ["--on-bakelite", "--bakelite-2"], ["--on-bakelite", "--bakelite-3"], ["--on-bakelite-2", "--bakelite"], ["--on-bakelite-2", "--bakelite-2"],
  ["--on-ink", "--ink"], ["--on-lit", "--lit-fern"], ["--on-lit-carmine", "--lit-carmine"],
  ...cords.flatMap((c): [string, string][] => [[`--${c}`, "--surface"], [`--${c}`, "--raised"], [`--${c}`, "--ground"], [`--${c}`, `--${c}-wash`], [`--on-${c}`, `--${c}`], ["--ink", `--${c}-wash`]]),
  ...[1, 2, 3, 4, 5, 6].map((n): [string, string] => ["--ink-on-hue", `--hue-${n}`]),
];
const shapes: [string, string][] = [
  ...["--ground", "--panel", "--surface", "--raised"].map((g): [string, string] => ["--edge", g]),
  ...cords.flatMap((c): [string, string][] => [[`--${c}-lamp`, "--ground"], [`--${c}-lamp`, "--surface"], [`--${c}-lamp`, "--raised"]]),
  ["--lit-signal", "--bakelite"], ["--lit-fern", "--bakelite"], ["--lit-carmine", "--bakelite"], ["--lit-petrol", "--bakelite"],
];

describe.each([["light", light], ["dark", dark]] as const)("%s", (_, values) => {
  const of = (a: string, b: string) => {
    const [x, y] = [values.get(a), values.get(b)];
    if (!x || !y) throw new Error(`no value of ${x ? b : a}`);
    return ratio(x, y);
  };
  test.each(text)("text %s on %s", (a, b) => expect(of(a, b)).toBeGreaterThanOrEqual(4.5));
  test.each(shapes)("shape %s on %s", (a, b) => expect(of(a, b)).toBeGreaterThanOrEqual(3));
});

test("the figures of the design", () => {
  const of = (v: Map<string, RGB>, a: string, b: string) => Math.round(ratio(v.get(a) ?? [0, 0, 0], v.get(b) ?? [0, 0, 0]) * 100) / 100;
  expect([of(light, "--ink", "--surface"), of(dark, "--ink", "--surface")]).toEqual([16.14, 13.66]);
  expect([of(light, "--ink-3", "--own"), of(light, "--edge", "--ground")]).toEqual([4.58, 3.03]);
});

test.each(["#FFFF00", "#FFFFFF", "#0000FF", "#E25320", "#777777", "#000000"])("an accent of %s becomes one that can be seen", (accent) => {
  for (const [values, way] of [[light, [0, 0, 0]], [dark, [255, 255, 255]]] as const) {
    const on = grounds.map((g) => values.get(g)).filter((c): c is RGB => c !== undefined);
    const moved = until(parseHex(accent) ?? [0, 0, 0], way, 4.5, on);
    for (const g of on) expect(ratio(moved, g)).toBeGreaterThanOrEqual(4.5);
  }
});
