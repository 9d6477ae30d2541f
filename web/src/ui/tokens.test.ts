// Screens name tokens only: no raw colour, size or duration outside tokens.css, and every
// pair of colours of section 3 can be told apart, in both themes.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RGB, accentTokens, parseHex, ratio } from "./theme.ts";

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

describe("the accent of a tenant", () => {
  const of = (values: Map<string, RGB>) => (n: string) => values.get(n);
  const at = (values: Map<string, RGB>, n: string): RGB => values.get(n) ?? [-1, -1, -1];
  const surfaces = [light, dark].map((values) => at(values, "--surface"));
  // Those that the switch takes, from all over the cube of colours.
  const steps = Array.from({ length: 18 }, (_, k) => k * 15);
  const cube = steps.flatMap((r) => steps.flatMap((g) => steps.map((b): RGB => [r, g, b])));
  const accepted = cube.filter((c) => surfaces.every((s) => ratio(c, s) >= 3));

  test("is accepted by the switch on the surfaces that pages have", () => {
    const go = readFileSync(join(src, "../../internal/directory/brand.go"), "utf8");
    const grounds = [...go.matchAll(/\{"(?:light|dark)", "(#[0-9a-f]{6})"\}/g)].map((m) => parseHex(m[1] ?? ""));
    expect(grounds).toEqual(surfaces);
    expect(accepted.length).toBeGreaterThan(500);
  });

  test.each([["light", light], ["dark", dark]] as const)("that is accepted is itself on the %s surface and on bakelite", (name, values) => {
    for (const c of accepted) {
      const t = accentTokens(c, name === "dark", of(values));
      expect(t.get("--lit-signal")).toEqual(c);
      if (ratio(c, at(values, "--ground")) >= 3 && ratio(c, at(values, "--raised")) >= 3) expect(t.get("--signal-lamp")).toEqual(c);
    }
  });

  test.each([["light", light], ["dark", dark]] as const)("whatever it is, can be seen and read in the %s theme", (name, values) => {
    for (const c of cube) {
      const t = accentTokens(c, name === "dark", of(values));
      const get = (n: "--signal" | "--signal-lamp" | "--signal-wash" | "--on-signal" | "--lit-signal"): RGB => t.get(n) ?? [0, 0, 0];
      const low = [
        ...grounds.map((g) => [`text on ${g}`, ratio(get("--signal"), at(values, g)), 4.5] as const),
        ["text on its wash", ratio(get("--signal"), get("--signal-wash")), 4.5] as const,
        ["words on it", ratio(get("--on-signal"), get("--signal")), 4.5] as const,
        ...["--ground", "--panel", "--surface", "--raised"].map((g) => [`shape on ${g}`, ratio(get("--signal-lamp"), at(values, g)), 3] as const),
        ["shape on bakelite", ratio(get("--lit-signal"), at(values, "--bakelite")), 3] as const,
      ].filter(([, is, least]) => is < least);
      expect(low, c.join()).toEqual([]);
    }
  });

  test("of our own is our own lamp", () => {
    for (const values of [light, dark]) expect(accentTokens(at(light, "--signal-lamp"), values === dark, of(values)).get("--signal-lamp")).toEqual(at(light, "--signal-lamp"));
  });
});
