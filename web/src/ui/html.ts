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

// Addresses end before signs that belong to the sentence. Linear: no nested repetition.
const address = /\b(?:https?:\/\/|www\.)[^\s<>"'`\u00AB\u00BB\u201C\u201D\u2018\u2019]+|\b[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/giu;

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
    return (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function link(part: LinkPart): HTMLAnchorElement {
  const a = document.createElement("a");
  a.href = part.href;
  a.textContent = part.text;
  a.target = "_blank";
  a.rel = "noopener noreferrer";
  return a;
}

function wordParts(text: string, more: Decorations): (string | Node)[] {
  const finds = [
    ...(more.mentions ?? []).map((m) => ({ text: `@${m.name}`, tag: "span", cls: m.own ? "mention own" : "mention" })),
    ...(more.marks ?? []).filter(Boolean).map((w) => ({ text: w, tag: "mark", cls: "" })),
  ].sort((a, b) => b.text.length - a.text.length);
  if (finds.length === 0) return [text];
  const lower = text.toLocaleLowerCase();
  const out: (string | Node)[] = [];
  let at = 0;
  while (at < text.length) {
    const next = finds
      .map((f) => ({ f, i: lower.indexOf(f.text.toLocaleLowerCase(), at) }))
      .filter((x) => x.i >= 0)
      .sort((a, b) => a.i - b.i || b.f.text.length - a.f.text.length)[0];
    if (!next) break;
    if (next.i > at) out.push(text.slice(at, next.i));
    const el = document.createElement(next.f.tag);
    if (next.f.cls) el.className = next.f.cls;
    el.textContent = text.slice(next.i, next.i + next.f.text.length);
    out.push(el);
    at = next.i + next.f.text.length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}
