// Plain text out of what people and the switch write. Nothing here is shown as markup:
// the results are for previews, notices and titles.

const maxInput = 64 << 10;
const breaks = new Set(["br", "p", "div", "li", "tr", "ul", "ol", "table", "pre", "blockquote", "hr", "h1", "h2", "h3", "h4", "h5", "h6"]);
const entities = new Map([["amp", "&"], ["lt", "<"], ["gt", ">"], ["quot", '"'], ["apos", "'"], ["nbsp", " "]]);

/** One line of plain text of sanitised HTML, at most `max` characters long. */
export function plain(html: string, max = 200): string {
  const text = html
    .slice(0, maxInput)
    .replace(/<\/?([a-zA-Z][a-zA-Z0-9]*)[^>]*>/g, (_, tag: string) => (breaks.has(tag.toLowerCase()) ? " " : ""))
    .replace(/&(#x?[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});/g, entity);
  return cut(oneLine(text), max);
}

function entity(whole: string, name: string): string {
  if (!name.startsWith("#")) {
    return entities.get(name) ?? whole;
  }
  const code = name[1] === "x" ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
  return code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : "";
}

/** Control characters and white space become single blanks. */
function oneLine(s: string): string {
  return s.replace(/[\u0000-\u0020\u007f-\u00a0\u2028\u2029]+/g, " ").trim();
}

/** The first characters; never half of one. */
export function cut(s: string, max: number): string {
  if (s.length <= max) {
    return s;
  }
  let out = "";
  for (const c of s) {
    if (out.length + c.length > max - 1) {
      break;
    }
    out += c;
  }
  return out + "…";
}

const maxName = 200;
const invisible = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Letters and signs that look like nothing. */
const fillers = /[\u115f\u1160\u2800\u3164\uffa0]/g;

/** A name that can be shown: without characters that hide or turn text, cut, and never empty. */
export function shownName(name: string | undefined, otherwise: string): string {
  const s = tidyName(name);
  return s !== "" ? s : tidyName(otherwise) || "?";
}

function tidyName(name: string | undefined): string {
  const s = oneLine((name ?? "").slice(0, 4 * maxName).replace(invisible, ""));
  // Only joiners, marks and other fillers: nobody could see that somebody is there.
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(s.replace(fillers, "")) ? cut(s, maxName) : "";
}

/** How long a text is as a JSON string: what the switch counts. */
export function jsonLength(s: string): number {
  return new TextEncoder().encode(JSON.stringify(s)).length - 2;
}

/** The longest text that the switch takes (A9). */
export const maxText = 48 << 10;

/** The folded form in which names and titles are searched. */
export function fold(s: string): string {
  return s.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/ı/g, "i");
}
