// How the page looks: theme, density, contrast, motion, text size, and the accent of a tenant.
import { computed, effect, signal } from "@preact/signals";
import { oneOf, setting } from "./settings.ts";

export const themes = ["system", "light", "dark"] as const;
export const densities = ["comfortable", "compact", "roomy"] as const;
export const contrasts = ["system", "more"] as const;
export const motions = ["system", "reduce"] as const;
export const textSizes = ["90", "100", "115", "130", "150", "200"] as const;

export const theme = setting("theme", "system", oneOf(...themes));
export const density = setting("density", "comfortable", oneOf(...densities));
export const contrast = setting("contrast", "system", oneOf(...contrasts));
export const motion = setting("motion", "system", oneOf(...motions));
export const textSize = setting("textSize", "100", oneOf(...textSizes));

const systemDark = media("(prefers-color-scheme: dark)");
const systemStill = media("(prefers-reduced-motion: reduce)");

/** What is shown now. */
export const dark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));
/** Nothing moves. */
export const still = computed(() => motion.value === "reduce" || systemStill.value);

// The window in pixels of 100 % text: larger texts have the layouts of narrower windows,
// so that nothing is cut at 200 %.
const room = signal(1440);
function measure(): void {
  const text = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
  room.value = Math.round(innerWidth / text);
}

/** Widths of section 5; each is true at and above its width. */
export const wide = { w600: computed(() => room.value >= 600), w900: computed(() => room.value >= 900), w1200: computed(() => room.value >= 1200) };
/** A finger, not a mouse. */
export const coarse = media("(pointer: coarse)");

function media(query: string) {
  const list = globalThis.matchMedia?.(query);
  const s = signal(list?.matches ?? false);
  list?.addEventListener("change", (e) => {
    s.value = e.matches;
  });
  return s;
}

/** Writes the choices to the root element; called once by a page. */
export function applyTheme(root: HTMLElement = document.documentElement): void {
  effect(() => {
    root.dataset["theme"] = dark.value ? "dark" : "light";
  });
  effect(() => {
    root.dataset["density"] = density.value;
  });
  effect(() => {
    root.dataset["contrast"] = contrast.value;
  });
  effect(() => {
    root.dataset["motion"] = still.value ? "reduce" : "full";
  });
  effect(() => {
    root.dataset["text"] = textSize.value;
    measure();
  });
  addEventListener("resize", measure);
  // For style sheets, which cannot ask for a width in pixels of 100 % text.
  effect(() => {
    root.dataset["width"] = !wide.w600.value ? "phone" : !wide.w900.value ? "pane" : !wide.w1200.value ? "middle" : "wide";
  });
}

let accent: RGB | undefined;
let following = false;

/**
 * The accent of a tenant takes the place of the colour of what is new and live; see
 * accentTokens. Returns whether it is a colour.
 */
export function applyAccent(text: string | undefined, root: HTMLElement = document.documentElement): boolean {
  accent = text === undefined ? undefined : parseHex(text);
  if (!following && accent) {
    following = true;
    effect(() => writeAccent(root, dark.value));
  } else if (following) writeAccent(root, dark.peek());
  return accent !== undefined;
}

const accentNames = ["--signal", "--signal-lamp", "--signal-wash", "--on-signal", "--lit-signal"] as const;

function writeAccent(root: HTMLElement, isDark: boolean): void {
  for (const n of accentNames) root.style.removeProperty(n);
  if (!accent) return;
  const style = getComputedStyle(root);
  const tokens = accentTokens(accent, isDark, (n) => parseHex(style.getPropertyValue(n)));
  for (const [n, c] of tokens) root.style.setProperty(n, hex(c));
}

const white: RGB = [255, 255, 255];
const black: RGB = [0, 0, 0];

/**
 * What an accent is in one theme, whose colours `value` tells. The switch accepts one
 * that a shape can have on the surface of both themes (3:1, internal/directory/brand.go),
 * so it stays as it is there and on bakelite. Where a ground leaves less, a lamp is moved
 * towards black (white in the dark theme) until it stands out, a text until it can be
 * read (4.5:1). What is written on the colour of the text is white or ink, whichever
 * stands out more, which is 4.5:1 for every colour that got there.
 */
export function accentTokens(accent: RGB, isDark: boolean, value: (token: string) => RGB | undefined): ReadonlyMap<(typeof accentNames)[number], RGB> {
  const all = (...names: string[]) => names.map(value).filter((c): c is RGB => c !== undefined);
  const [surface, bakelite] = all("--surface", "--bakelite");
  const under = all("--ground", "--panel", "--surface", "--raised");
  if (!surface || !bakelite) return new Map();
  const way = isDark ? white : black;
  const wash = mix(surface, accent, isDark ? 0.2 : 0.12);
  const text = until(accent, way, 4.5, [...under, ...all("--own"), wash]);
  const ink = all(isDark ? "--bakelite" : "--ink")[0] ?? black;
  return new Map([
    ["--signal", text],
    ["--signal-lamp", until(accent, way, 3, under)],
    ["--signal-wash", wash],
    ["--on-signal", ratio(white, text) > ratio(ink, text) ? white : ink],
    ["--lit-signal", until(accent, white, 3, [bakelite])],
  ]);
}

/** A colour moved towards another until it has the contrast with each ground. */
export function until(colour: RGB, towards: RGB, least: number, grounds: readonly RGB[]): RGB {
  for (let part = 0; part < 1; part += 0.04) {
    const c = mix(colour, towards, part);
    if (grounds.every((g) => ratio(c, g) >= least)) return c;
  }
  return towards;
}

function mix(a: RGB, b: RGB, part: number): RGB {
  const one = (x: number, y: number) => Math.round(x + (y - x) * part);
  return [one(a[0], b[0]), one(a[1], b[1]), one(a[2], b[2])];
}

function hex(c: RGB): string {
  return `#${c.map((x) => x.toString(16).padStart(2, "0")).join("")}`;
}

export type RGB = readonly [number, number, number];

export function parseHex(text: string): RGB | undefined {
  const m = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.trim());
  return m ? [parseInt(m[1] ?? "", 16), parseInt(m[2] ?? "", 16), parseInt(m[3] ?? "", 16)] : undefined;
}

function luminance([r, g, b]: RGB): number {
  const part = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}

/** Contrast of WCAG 2.2: 1 to 21. */
export function ratio(a: RGB, b: RGB): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
