// Texts of other people on the screen. The switch has reduced them to plain HTML
// without attributes (sanitize/, appwebsocket.md 3.8); this does it once more with the
// same list of elements, so that no mistake on the way can run anything here.
import DOMPurify from "dompurify";

export { escape, plain } from "./plain.ts";

/** The elements of decision 40, as in sanitize/html.go. */
export const allowed = [
  "a", "b", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s",
  "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "tt", "u", "ul", "blockquote",
] as const;

const purify = DOMPurify;

/** Plain HTML of the allowed elements, without any attribute, as a fragment. */
export function cleanFragment(html: string): DocumentFragment {
  return purify.sanitize(html, {
    ALLOWED_TAGS: [...allowed],
    ALLOWED_ATTR: [],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

/** The same as text, for what is stored or sent. */
export function clean(html: string): string {
  const box = document.createElement("div");
  box.append(cleanFragment(html));
  return box.innerHTML;
}

export interface Decorations {
  /** Names that stand after @, longest first wins; `own` marks one's own. */
  readonly mentions?: readonly { readonly name: string; readonly own?: boolean }[];
  /** Words to mark (search). */
  readonly marks?: readonly string[];
}

/**
 * Fills an element with a text of somebody: sanitised, with links made of what looks like
 * one (http, https, mailto only, opened elsewhere without a trace of this page), and
 * mentions marked. Nothing in it ever is parsed as more than the allowed elements.
 */
export function fill(el: HTMLElement, html: string, more: Decorations = {}): void {
  const fragment = cleanFragment(html);
  for (const a of fragment.querySelectorAll("a")) a.replaceWith(...a.childNodes); // without href they are text
  decorate(fragment, more);
  el.replaceChildren(fragment);
}

function decorate(root: DocumentFragment, more: Decorations): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  for (let n = walker.nextNode(); n; n = walker.nextNode()) texts.push(n as Text);
  for (const text of texts) {
    if (text.parentElement?.closest("code, pre, tt")) continue;
    const parts = linkParts(text.data).flatMap((part) => (typeof part === "string" ? wordParts(part, more) : [link(part)]));
    if (parts.length === 1 && typeof parts[0] === "string") continue;
    text.replaceWith(...parts);
  }
}

export interface LinkPart {
  readonly href: string;
  readonly text: string;
}

// Addresses end before signs that belong to the sentence, and before signs that are not
// seen or turn the direction of reading. Linear: no nested repetition.
const address = /\b(?:https?:\/\/|www\.)[^\s\p{Cf}\p{Cc}<>"'`\u00AB\u00BB\u201C\u201D\u2018\u2019]+|\b[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/giu;

/** A text as plain parts and links. */
export function linkParts(text: string): (string | LinkPart)[] {
  const out: (string | LinkPart)[] = [];
  let at = 0;
  for (const m of text.matchAll(address)) {
    const shown = trimEnd(m[0]);
    const to = hrefOf(shown);
    if (to === undefined) continue;
    if (m.index > at) out.push(text.slice(at, m.index));
    out.push({ href: to, text: shown });
    at = m.index + shown.length;
  }
  if (at < text.length || out.length === 0) out.push(text.slice(at));
  return out;
}

function trimEnd(address: string): string {
  let s = address;
  for (;;) {
    const end = s[s.length - 1] ?? "";
    const opens = (sign: string) => s.split(sign).length - 1;
    if (".,;:!?…*_~".includes(end) && end !== "") s = s.slice(0, -1);
    else if (end === ")" && opens(")") > opens("(")) s = s.slice(0, -1);
    else if (end === "]" && opens("]") > opens("[")) s = s.slice(0, -1);
    else return s;
  }
}

/** The safe address of a link, or undefined: only http, https and mailto. */
export function hrefOf(text: string): string | undefined {
  const candidate = /^www\./i.test(text) ? `https://${text}` : /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : text.includes("@") ? `mailto:${text}` : text;
  try {
    const url = new URL(candidate);
    if (url.protocol === "mailto:") return candidate;
    // https://bank.example@evil.example/ leads to evil.example: what stands before @ only misleads.
    if (url.username !== "" || url.password !== "") return undefined;
    return (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function link(part: LinkPart): HTMLAnchorElement {
  const a = document.createElement("a");
  a.href = part.href;
  a.textContent = part.text;
  a.dir = "ltr"; // an address reads one way, whatever letters are in it
  const host = /^https?:\/\/([^/?#]*)/.exec(part.href)?.[1] ?? "";
  if (host.includes("xn--")) a.title = part.href; // letters that look like others: the name as machines read it
  a.target = "_blank";
  a.rel = "noopener noreferrer";
  return a;
}

function wordParts(text: string, more: Decorations): (string | Node)[] {
  const own = new Map((more.mentions ?? []).map((m) => [fold(m.name), m.own === true]));
  const found = wordsOf(more);
  if (!found) return [text];
  const out: (string | Node)[] = [];
  let at = 0;
  for (const m of text.matchAll(found)) {
    if (m.index > at) out.push(text.slice(at, m.index));
    const name = m.groups?.["mention"];
    const el = document.createElement(name === undefined ? "mark" : "span");
    if (name !== undefined) el.className = own.get(fold(name)) ? "mention own" : "mention";
    el.textContent = m[0];
    out.push(el);
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}

/** More of them are no help to a reader, and senders choose how many they name. */
const mostWords = 64;

/**
 * One expression for all that is marked, so that a text is walked once however much a
 * sender names. A mention stands alone: @Ann is not in @Anna, nor in sue@ann.example.
 */
function wordsOf(more: Decorations): RegExp | undefined {
  const list = (words: readonly string[]) => [...words].filter(Boolean).sort((a, b) => b.length - a.length).slice(0, mostWords).map(expression).join("|");
  const mentions = list((more.mentions ?? []).map((m) => m.name));
  const marks = list(more.marks ?? []);
  const either = [
    ...(mentions ? [String.raw`(?<![\p{L}\p{M}\p{N}_])@(?<mention>${mentions})(?![\p{L}\p{M}\p{N}_])`] : []),
    ...(marks ? [marks] : []),
  ];
  return either.length > 0 ? new RegExp(either.join("|"), "giu") : undefined;
}

/** A word as an expression; the i of Turkish is found with and without its dot, as the search of the switch does. */
function expression(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/-]/g, (sign) => `\\${sign}`).replace(/[iI\u0130\u0131]\u0307?/g, "[i\u0130\u0131]\u0307?");
}

function fold(word: string): string {
  return word.replace(/[I\u0130\u0131]\u0307?/g, "i").toLowerCase();
}
