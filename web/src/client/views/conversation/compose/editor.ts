// What the composer does to its editable element. The commands of the browser keep its
// undo, and make the elements that serialize.ts reads. Nothing here depends on how long
// the text is, except where the person asks for it (send, paste).

export type Format = "bold" | "italic" | "strike" | "code" | "list" | "numbers" | "quote" | "block";

const commands: Readonly<Record<Exclude<Format, "code" | "quote" | "block">, string>> = {
  bold: "bold", italic: "italic", strike: "strikeThrough", list: "insertUnorderedList", numbers: "insertOrderedList",
};

function exec(command: string, value?: string): boolean {
  return document.execCommand(command, false, value);
}

/** Whether nothing is written, told from the first children alone. */
export function isEmpty(el: HTMLElement): boolean {
  const first = el.firstChild;
  if (!first) return true;
  if (first.nextSibling) return false;
  if (first.nodeType === 3) return (first as Text).length === 0;
  if (first.nodeName === "BR") return true;
  const inner = first.firstChild;
  return first.nodeName === "DIV" && (!inner || (inner.nodeName === "BR" && !inner.nextSibling));
}

/** The elements around the caret, for keys that stay down. */
export function formatsAt(el: HTMLElement): ReadonlySet<Format> {
  const out = new Set<Format>();
  const names = new Map<string, Format>([["B", "bold"], ["STRONG", "bold"], ["I", "italic"], ["EM", "italic"], ["S", "strike"], ["STRIKE", "strike"], ["DEL", "strike"], ["CODE", "code"], ["UL", "list"], ["OL", "numbers"], ["BLOCKQUOTE", "quote"], ["PRE", "block"]]);
  let node: Node | null = getSelection()?.anchorNode ?? null;
  for (let depth = 0; node && node !== el && depth < 64; node = node.parentNode, depth++) {
    const f = names.get(node.nodeName);
    if (f) out.add(f);
  }
  return out;
}

export function format(el: HTMLElement, f: Format): void {
  el.focus();
  exec("styleWithCSS", "false");
  const on = formatsAt(el).has(f);
  if (f === "code") return on ? unwrap(el, "CODE") : insertCode();
  if (f === "quote") return void (on ? exec("outdent") : exec("formatBlock", "blockquote"));
  if (f === "block") return void exec("formatBlock", on ? "div" : "pre");
  exec(commands[f]);
}

function insertCode(): void {
  const text = getSelection()?.toString() ?? "";
  const code = document.createElement("code");
  code.textContent = text || "\u200b";
  exec("insertHTML", code.outerHTML);
  const at = getSelection();
  if (text === "" || !at?.anchorNode) return;
  // Without this the next letter would be code too.
  exec("insertHTML", "\u200b");
}

function unwrap(el: HTMLElement, name: string): void {
  let node: Node | null = getSelection()?.anchorNode ?? null;
  while (node && node !== el && node.nodeName !== name) node = node.parentNode;
  if (!node || node === el) return;
  const range = document.createRange();
  range.selectNode(node);
  const s = getSelection();
  s?.removeAllRanges();
  s?.addRange(range);
  exec("insertText", node.textContent ?? "");
}

/** Leaves a quote or code block that an empty line ends; true where it did. */
export function leaveBlock(el: HTMLElement): boolean {
  const formats = formatsAt(el);
  if (!formats.has("quote") && !formats.has("block")) return false;
  const node = getSelection()?.anchorNode;
  const text = node?.nodeType === 3 ? (node as Text).data : (node?.textContent ?? "");
  if (text.replace(/\u200b/g, "") !== "" && !text.endsWith("\n")) return false;
  if (formats.has("quote")) exec("outdent");
  exec("formatBlock", "div");
  return true;
}

export function insertHtml(el: HTMLElement, html: string): void {
  el.focus();
  exec("insertHTML", html);
}

export function insertText(el: HTMLElement, text: string): void {
  el.focus();
  exec("insertText", text);
}

export function newLine(): void {
  exec("insertLineBreak");
}

/** The next entry of a list; an empty one leaves the list. */
export function newItem(): void {
  exec("insertParagraph");
}

/** The caret at the end of the text. */
export function toEnd(el: HTMLElement): void {
  el.focus();
  const s = getSelection();
  s?.selectAllChildren(el);
  s?.collapseToEnd();
}

const longestQuery = 40;

/** What is written after an @ before the caret, in the same piece of text; undefined where there is none. */
export function queryAt(): { readonly query: string; readonly range: Range } | undefined {
  const s = getSelection();
  const node = s?.anchorNode;
  if (!s?.isCollapsed || node?.nodeType !== 3) return undefined;
  const end = s.anchorOffset;
  const from = Math.max(0, end - longestQuery);
  const before = (node as Text).substringData(from, end - from);
  const m = /(^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(before);
  if (!m) return undefined;
  const range = document.createRange();
  range.setStart(node, end - (m[2] ?? "").length - 1);
  range.setEnd(node, end);
  return { query: m[2] ?? "", range };
}

/** Puts a name in place of what is written after the @; it is deleted as one. */
export function insertMention(el: HTMLElement, range: Range, name: string, sip: string): void {
  el.focus();
  const s = getSelection();
  s?.removeAllRanges();
  s?.addRange(range);
  const span = document.createElement("span");
  span.className = "mention";
  span.dataset.sip = sip;
  span.contentEditable = "false";
  span.textContent = `@${name}`;
  exec("insertHTML", `${span.outerHTML}&nbsp;`);
}
