// Texts of the interface. One file per area and language (en/shell.ts, de/shell.ts, …);
// a page names the areas it needs. English is in the page, others are loaded when chosen.
//
// Written here and not taken from a library: keys, values and plurals are all there is to
// it, plurals are the browser's (Intl.PluralRules), and a library costs a tenth of what
// the client may weigh at first load.
import { computed, signal } from "@preact/signals";
import { isString, setting } from "../ui/settings.ts";

/** Texts of an area: nested, leaves with {{name}} for values; plurals as key_one, key_other. */
export interface Texts {
  readonly [key: string]: string | Texts;
}

export const languages = ["en", "de", "tr"] as const;
export type Language = (typeof languages)[number];
/** In their own words, for the choice. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", tr: "Türkçe" };

type Eager = Readonly<Record<string, Texts>>;
type Lazy = Readonly<Record<string, () => Promise<Texts>>>;

/** What a page has: results of import.meta.glob with `import: "default"`. */
export interface Areas {
  readonly en: Eager;
  readonly de: Lazy;
  readonly tr: Lazy;
}

/** "" follows the browser. */
export const chosenLanguage = setting("language", "", isString);

const current = signal<Language>("en");
/** The language that is shown. */
export const language = computed<Language>(() => current.value);

const rightToLeft: ReadonlySet<string> = new Set(["ar", "he", "fa", "ur"]);
/** Reading direction of a language. */
export function direction(of: string): "ltr" | "rtl" {
  return rightToLeft.has(of.split("-")[0] ?? "") ? "rtl" : "ltr";
}

/** The first of the wanted languages that exists. */
export function choose(wanted: readonly string[]): Language {
  for (const w of wanted) {
    const found = languages.find((l) => l === w.toLowerCase().split("-")[0]);
    if (found) return found;
  }
  return "en";
}

/** Texts of a language by their whole key: keys come from sources, but a Map has no prototype to trip over. */
type Flat = ReadonlyMap<string, string>;

let areas: Areas = { en: {}, de: {}, tr: {} };
const loaded = new Map<Language, Flat>();

function areaOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
}

function flatten(texts: Texts, before: string, into: Map<string, string>): void {
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") into.set(`${before}.${key}`, value);
    else flatten(value, `${before}.${key}`, into);
  }
}

function flat(all: readonly (readonly [path: string, texts: Texts])[]): Flat {
  const out = new Map<string, string>();
  for (const [path, texts] of all) flatten(texts, areaOf(path), out);
  return out;
}

/** Makes the texts of a page known, loads the language of the person, and follows the choice. */
export async function setUpTexts(of: Areas): Promise<void> {
  areas = of;
  loaded.clear();
  loaded.set("en", flat(Object.entries(of.en)));
  await change();
  chosenLanguage.subscribe(() => void change());
}

async function change(): Promise<void> {
  const to = choose([chosenLanguage.peek(), ...(globalThis.navigator?.languages ?? [])].filter(Boolean));
  if (!loaded.has(to) && to !== "en") {
    try {
      loaded.set(to, flat(await Promise.all(Object.entries(areas[to]).map(async ([path, load]) => [path, await load()] as const))));
    } catch {
      return; // no line: the language stays as it is, and is asked for again at the next choice
    }
  }
  const forced = new URLSearchParams(globalThis.location?.search ?? "").get("dir"); // to look at the other direction
  const root = globalThis.document?.documentElement;
  if (root) {
    root.lang = to;
    root.dir = forced === "rtl" ? "rtl" : direction(to);
  }
  rules = new Intl.PluralRules(to);
  current.value = to;
}

let rules = new Intl.PluralRules("en");

function find(key: string, count: string | number | undefined): string | undefined {
  for (const language of [current.value, "en" as const]) {
    const texts = loaded.get(language);
    const found = (typeof count === "number" ? (texts?.get(`${key}_${rules.select(count)}`) ?? texts?.get(`${key}_other`)) : undefined) ?? texts?.get(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The text of a key ("shell.signIn.title") in the person's language, with values in
 * place of {{names}}; `count` chooses the plural. Reading it in a component follows the
 * choice of language. A key without text is shown as it is (a test finds those).
 */
export function t(key: string, values?: Readonly<Record<string, string | number>>): string {
  const text = find(key, values?.["count"]) ?? key;
  if (values === undefined) return text;
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
