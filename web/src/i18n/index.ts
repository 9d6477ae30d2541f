// Texts of the interface. One file per area and language (en/shell.ts, de/shell.ts, …);
// a page names the areas it needs. English is in the page, others are loaded when chosen.
import { computed, signal } from "@preact/signals";
import i18next, { type i18n } from "i18next";
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

const instance: i18n = i18next.createInstance();
let areas: Areas = { en: {}, de: {}, tr: {} };

function areaOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
}

/** Makes the texts of a page known, loads the language of the person, and follows the choice. */
export async function setUpTexts(of: Areas): Promise<void> {
  areas = of;
  const en: Record<string, Texts> = {};
  for (const [path, texts] of Object.entries(of.en)) en[areaOf(path)] = texts;
  void instance.init({
    lng: "en",
    fallbackLng: "en",
    initAsync: false,
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false }, // preact escapes
    returnNull: false,
  });
  await change();
  chosenLanguage.subscribe(() => void change());
}

async function change(): Promise<void> {
  const to = choose([chosenLanguage.peek(), ...(globalThis.navigator?.languages ?? [])].filter(Boolean));
  if (to !== "en" && !instance.hasResourceBundle(to, "translation")) {
    const texts: Record<string, Texts> = {};
    await Promise.all(Object.entries(areas[to]).map(async ([path, load]) => (texts[areaOf(path)] = await load())));
    instance.addResourceBundle(to, "translation", texts);
  }
  await instance.changeLanguage(to);
  const forced = new URLSearchParams(globalThis.location?.search ?? "").get("dir"); // to look at the other direction
  const root = globalThis.document?.documentElement;
  if (root) {
    root.lang = to;
    root.dir = forced === "rtl" ? "rtl" : direction(to);
  }
  current.value = to;
}

/**
 * The text of a key ("shell.signIn.title") in the person's language, with values in
 * place of {{names}}. Reading it in a component follows the choice of language.
 */
export function t(key: string, values?: Readonly<Record<string, string | number>>): string {
  void current.value;
  return instance.t(key, { ...values });
}
