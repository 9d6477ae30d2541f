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

/** Widths of section 5; each is true at and above its width. */
export const wide = { w600: media("(min-width: 600px)"), w900: media("(min-width: 900px)"), w1200: media("(min-width: 1200px)") };
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
  });
}

/**
 * The accent of a tenant, for its name's place on the sign-in page and the primary key,
 * if text on it can be read (4.5:1 to white or to ink) and it stands out from the ground
 * (3:1). Otherwise ours stays. Returns whether it was taken.
 */
export function applyAccent(accent: string | undefined, root: HTMLElement = document.documentElement): boolean {
  const rgb = accent === undefined ? undefined : parseHex(accent);
  const names = ["--accent", "--on-accent"];
  for (const n of names) root.style.removeProperty(n);
  if (!rgb) return false;
  const white: RGB = [255, 255, 255];
  const onWhite = ratio(rgb, white);
  if (onWhite < 4.5) return false; // white is also the ground around it in the light theme
  root.style.setProperty("--accent", accent ?? "");
  root.style.setProperty("--on-accent", "#FFFFFF");
  return true;
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
