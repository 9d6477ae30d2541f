// The emoji: data of emoji-picker-element-data, from this host, fetched when first needed.
// The element of that name is not used: it writes style elements, which the content policy
// forbids.
import de from "emoji-picker-element-data/de/cldr/data.json?url";
import en from "emoji-picker-element-data/en/cldr/data.json?url";
import type { Language } from "../../../../i18n/index.ts";

export interface Emoji {
  readonly emoji: string;
  readonly name: string;
  /** Lower case, to search in. */
  readonly words: string;
  readonly group: number;
}

/** Groups of the data, without parts of emoji (2). */
export const groups = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;

// There is none in Turkish: English words find more than none.
const addresses: Readonly<Record<Language, string>> = { en, de, tr: en };
const loaded = new Map<string, Promise<readonly Emoji[]>>();

export function emojiOf(language: Language): Promise<readonly Emoji[]> {
  const address = addresses[language];
  let p = loaded.get(address);
  if (!p) {
    p = fetch(address).then(async (r) => read(await r.json()));
    p.catch(() => loaded.delete(address));
    loaded.set(address, p);
  }
  return p;
}

/** What the file says, with care: it is ours, but a proxy may have answered. */
export function read(data: unknown): Emoji[] {
  if (!Array.isArray(data)) throw new Error("the emoji did not load");
  const out: Emoji[] = [];
  for (const x of data as Record<string, unknown>[]) {
    if (typeof x.emoji !== "string" || typeof x.annotation !== "string" || typeof x.group !== "number" || x.group === 2) continue;
    const tags = Array.isArray(x.tags) ? x.tags.filter((t): t is string => typeof t === "string") : [];
    out.push({ emoji: x.emoji, name: x.annotation, words: [x.annotation, ...tags].join(" ").toLocaleLowerCase(), group: x.group });
  }
  return out;
}

/** Those in which every word begins something, the best first. */
export function find(all: readonly Emoji[], query: string, most = 120): Emoji[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const scored: { e: Emoji; score: number }[] = [];
  for (const e of all) {
    let score = 0;
    for (const w of words) {
      const at = ` ${e.words}`.indexOf(` ${w}`);
      if (at < 0) {
        score = -1;
        break;
      }
      score += at;
    }
    if (score >= 0) scored.push({ e, score });
  }
  return scored.sort((a, b) => a.score - b.score).slice(0, most).map((s) => s.e);
}
