// Long texts go in parts (decision 39), none of which ends inside of a tag, an entity or
// a character.

/** Bytes of one code point inside a JSON string. */
function jsonBytes(code: number): number {
  if (code === 0x22 || code === 0x5c) return 2;
  if (code < 0x20) return code === 8 || code === 9 || code === 10 || code === 12 || code === 13 ? 2 : 6;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  if (code >= 0xd800 && code <= 0xdfff) return 6; // alone: escaped
  return code < 0x10000 ? 3 : 4;
}

/** Bytes of the text as a JSON string, quotes included: what the switch counts (A9). */
export function jsonSize(s: string): number {
  let n = 2;
  for (const c of s) n += jsonBytes(c.codePointAt(0) ?? 0);
  return n;
}

/** Entities that are longer than this are taken for text. */
const longestEntity = 32;

/** How many UTF-16 units of the text fit into so many bytes of JSON, ending outside of tags and entities if that is possible. */
function fitting(s: string, budget: number): number {
  let at = 0;
  let safe = 0;
  let tag = false;
  let entity = -1;
  for (const c of s) {
    const code = c.codePointAt(0) ?? 0;
    budget -= jsonBytes(code);
    if (budget < 0) break;
    if (c === "<") tag = true;
    else if (c === ">") tag = false;
    else if (c === "&") entity = at;
    if (entity >= 0 && (c === ";" || at - entity > longestEntity || (c !== "&" && !/[#0-9A-Za-z]/.test(c)))) entity = -1;
    at += c.length;
    if (!tag && entity < 0) safe = at;
  }
  return safe || at;
}

/**
 * Splits a text: each part but the last has at most `part` bytes of JSON (quotes not
 * counted), the last at most `last`.
 */
export function split(s: string, part: number, last: number): string[] {
  const parts: string[] = [];
  let rest = s;
  for (let size = jsonSize(rest) - 2; size > last; size = jsonSize(rest) - 2) {
    // What fits a part but not the last one leaves something for the last one.
    const n = fitting(rest, size > part ? part : Math.max(size - last, 4));
    if (n === 0) break;
    parts.push(rest.slice(0, n));
    rest = rest.slice(n);
  }
  return [...parts, rest];
}
