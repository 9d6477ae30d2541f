import type { Signal } from "@preact/signals";
import type { Person } from "../../../model/types.ts";
import type { Pane } from "../pane.ts";
import { mayOf } from "../pane.ts";
import { type Format, leaveBlock, newItem, newLine } from "./editor.ts";
import { enterSends } from "./settings.ts";

export interface EditorKeys {
  readonly el: HTMLElement | null;
  readonly pane: Pane;
  readonly people: Signal<readonly Person[]>;
  readonly at: Signal<number>;
  readonly empty: Signal<boolean>;
  readonly pick: (p: Person) => void;
  readonly send: () => void;
  readonly onFormat: (f: Format) => void;
  readonly link: () => void;
  /** On a touch keyboard Enter is a new line: there is a key to send. */
  readonly touch: boolean;
}

const formats = new Map<string, Format>([["b", "bold"], ["i", "italic"], ["e", "code"]]);
const shifted = new Map<string, Format>([["x", "strike"], ["7", "numbers"], ["8", "list"], ["9", "quote"]]);

export function editorKeys(e: KeyboardEvent, k: EditorKeys): void {
  if (e.isComposing || e.getModifierState("AltGraph")) return;
  if (inList(e, k) || isFormat(e, k) || isEnter(e, k) || isUp(e, k) || isEscape(e, k)) {
    e.preventDefault();
    e.stopPropagation();
  }
}

function inList(e: KeyboardEvent, { people, at, pick }: EditorKeys): boolean {
  const list = people.peek();
  if (list.length === 0) return false;
  if (e.key === "ArrowDown" || e.key === "ArrowUp") at.value = (at.peek() + (e.key === "ArrowDown" ? 1 : -1) + list.length) % list.length;
  else if ((e.key === "Enter" && !e.shiftKey) || e.key === "Tab") {
    const p = list[at.peek()];
    if (p) pick(p);
  } else if (e.key === "Escape") people.value = [];
  else return false;
  return true;
}

function isFormat(e: KeyboardEvent, k: EditorKeys): boolean {
  if (!(e.ctrlKey || e.metaKey) || e.altKey) return false;
  const key = e.key.toLowerCase();
  if (e.shiftKey && key === "l") return k.link(), true;
  const f = e.shiftKey ? (shifted.get(key) ?? shifted.get(e.code.replace("Digit", ""))) : formats.get(key);
  if (!f) return false;
  k.onFormat(f);
  return true;
}

function isEnter(e: KeyboardEvent, k: EditorKeys): boolean {
  if (e.key !== "Enter") return false;
  if (e.ctrlKey || e.metaKey) return k.send(), true;
  const sends = !k.touch && e.shiftKey !== enterSends.peek();
  if (sends) return k.send(), true;
  if (!e.shiftKey && k.el && leaveBlock(k.el)) return true;
  // In lists and blocks the browser knows better; elsewhere a line, not a paragraph.
  const node = getSelection()?.anchorNode;
  const within = (node instanceof Element ? node : node?.parentElement)?.closest("li, pre, blockquote");
  if (within && k.el?.contains(within)) {
    if (!e.shiftKey) return false;
    if (within.matches("li")) newItem(); // where Enter sends, there is no other key for it
    else newLine();
    return true;
  }
  newLine();
  return true;
}

/** In an empty field: the last own message, to be edited. */
function isUp(e: KeyboardEvent, { pane, empty }: EditorKeys): boolean {
  if (e.key !== "ArrowUp" || e.shiftKey || e.altKey || e.ctrlKey || !empty.peek() || pane.editing.peek()) return false;
  const last = pane.conv.messages.peek().findLast((m) => m.own && mayOf(pane, m).edit);
  if (last) {
    pane.log?.show(`m-${last.key}`, "near");
    pane.acts.edit(last);
  }
  return last !== undefined;
}

function isEscape(e: KeyboardEvent, { pane }: EditorKeys): boolean {
  if (e.key !== "Escape") return false;
  if (pane.editing.peek()) pane.editing.value = undefined;
  else if (pane.reply.peek()) pane.reply.value = undefined;
  else return false;
  return true;
}
