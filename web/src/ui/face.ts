/** One of six hues for an address: FNV-1a, so that it is the same in every client. */
export function hue(id: string): 1 | 2 | 3 | 4 | 5 | 6 {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(id)) {
    h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  }
  return ((h % 6) + 1) as 1 | 2 | 3 | 4 | 5 | 6;
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function first(word: string, n = 1): string {
  const out: string[] = [];
  for (const { segment } of segments.segment(word)) {
    out.push(segment);
    if (out.length === n) break;
  }
  return out.join("");
}

/**
 * The letters on a face. Of a person the first and the last word ("Ayşegül Öztürk": AÖ,
 * without titles), of a group the first two words; of Chinese, Japanese and
 * Korean names the first two signs.
 */
export function initials(name: string, group = false): string {
  const words = name.trim().split(/[\s_.-]+/u).filter((w) => /[\p{L}\p{N}]/u.test(w) && !/^(dr|prof|ing|dipl)$/iu.test(w));
  const start = words[0];
  if (start === undefined) return first(name.trim()) || "?";
  if (/^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u.test(start)) return first(start, 2);
  const second = words.length < 2 ? undefined : group ? (words.find((w, i) => i > 0 && /^\p{N}/u.test(w)) ?? words[1]) : words[words.length - 1];
  return (first(start) + (second === undefined ? "" : first(second))).toLocaleUpperCase();
}
