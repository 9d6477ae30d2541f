// One registry of key commands. Screens register what they can do while they are shown;
// the table of keys (?) is written from it.
import { type Signal, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { isBoolean, setting } from "./settings.ts";

/** Where a command counts: everywhere, or while the focus is in the element with this data-scope. */
export type Scope = "global" | "rail" | "list" | "conversation" | "composer" | "details" | "page" | "trace";

export interface Command {
  /** As written in the table: "Ctrl+K", "Alt+ArrowUp", "?", "G C" (one after the other), "Space". */
  readonly keys: string | readonly string[];
  /** What it does, a text of the reader's language. */
  readonly word: () => string;
  readonly scope?: Scope | undefined;
  /** Also while the person types. Commands with Ctrl or Alt always do. */
  readonly typing?: boolean | undefined;
  /** Only in the table: the element itself listens. */
  readonly shown?: boolean | undefined;
  /** Return false when there was nothing to do: the key goes on to the browser. */
  readonly run: (e: KeyboardEvent) => void | boolean;
}

/** WCAG 2.1.4: keys of a single letter can be switched off. */
export const singleKeys = setting("singleKeys", true, isBoolean);

const commands: Signal<readonly Command[]> = signal([]);
/** All that can be done now, in the order of registration. */
export const commandList: { readonly value: readonly Command[] } = commands;

/** Registers commands; returns how to take them away. */
export function register(...list: readonly Command[]): () => void {
  commands.value = [...commands.peek(), ...list];
  return () => {
    commands.value = commands.peek().filter((c) => !list.includes(c));
  };
}

/** Registers commands while a component is mounted. Pass a function that makes them; it is asked again when `deps` change. */
export function useKeys(make: () => readonly Command[], deps: readonly unknown[] = []): void {
  // What a key does is that of the newest rendering: not even a quick second key is early for it.
  const newest = useRef(make);
  newest.current = make;
  const run = (i: number) => (e: KeyboardEvent) => {
    const c = newest.current()[i];
    return c ? c.run(e) : false;
  };
  useLayoutEffect(() => register(...make().map((c, i) => ({ ...c, run: run(i) }))), [...deps]);
}

export interface Stroke {
  readonly key: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

/** "Ctrl+Shift+Enter" as a stroke. Ctrl also stands for Command on a Mac. */
export function parseStroke(text: string): Stroke {
  const parts = text === "+" ? ["+"] : text.split("+");
  const last = parts[parts.length - 1] ?? "";
  const has = (name: string) => parts.slice(0, -1).some((x) => x.toLowerCase() === name);
  return { key: last === "Space" ? " " : last.length === 1 ? last.toLowerCase() : last, ctrl: has("ctrl"), alt: has("alt"), shift: has("shift") };
}

/** Whether an event is that stroke. Signs (?, +, /) may need Shift on a layout: it is not looked at. */
export function matches(e: KeyboardEvent, s: Stroke): boolean {
  if (e.getModifierState?.("AltGraph")) return false; // types a letter
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const sign = s.key.length === 1 && !/[\p{L}\p{N} ]/u.test(s.key);
  return key === s.key && (e.ctrlKey || e.metaKey) === s.ctrl && e.altKey === s.alt && (sign || e.shiftKey === s.shift);
}

function isSingle(s: Stroke): boolean {
  return !s.ctrl && !s.alt && s.key.length === 1 && s.key !== " ";
}

function types(target: EventTarget | null): boolean {
  const el = target as HTMLElement | null;
  return Boolean(el?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=''], [contenteditable=true], [contenteditable=plaintext-only]"));
}

function inScope(scope: Scope | undefined, target: EventTarget | null): boolean {
  if (scope === undefined || scope === "global") return true;
  // Nothing has the focus: then the page that is shown is meant, and there is one only.
  if ((scope === "page" || scope === "trace") && target === globalThis.document?.body) return true;
  return Boolean((target as Element | null)?.closest?.(`[data-scope~="${scope}"]`));
}

const sequenceTime = 1500;
let pending: { readonly key: string; readonly until: number } | undefined;

function strokesOf(c: Command): readonly string[] {
  return typeof c.keys === "string" ? [c.keys] : c.keys;
}

function hit(c: Command, e: KeyboardEvent, before: string | undefined): boolean {
  for (const text of strokesOf(c)) {
    const steps = text.split(" ").filter(Boolean).map(parseStroke);
    const last = steps[steps.length - 1];
    if (!last || !matches(e, last)) continue;
    if ([...steps.slice(0, -1)].some((s) => s.key !== before)) continue;
    if (isSingle(last) && (!singleKeys.value || (types(e.target) && !c.typing))) continue;
    if (!last.ctrl && !last.alt && !c.typing && types(e.target) && last.key !== "Escape" && !/^F\d/.test(last.key)) continue;
    return true;
  }
  return false;
}

/** Handles one key event; exported for tests. Later registrations win: what lies on top. */
export function dispatch(e: KeyboardEvent, now = Date.now()): boolean {
  if (e.defaultPrevented || e.isComposing) return false;
  const before = pending && pending.until > now ? pending.key : undefined;
  pending = undefined;
  const list = commands.peek();
  for (let i = list.length - 1; i >= 0; i--) {
    const c = list[i];
    if (!c || c.shown || !inScope(c.scope, e.target) || !hit(c, e, before)) continue;
    if (c.run(e) === false) continue;
    e.preventDefault();
    return true;
  }
  const starts = (c: Command) => strokesOf(c).some((k) => k.includes(" ") && k.split(" ")[0]?.toLowerCase() === e.key.toLowerCase());
  if (!types(e.target) && !e.ctrlKey && !e.altKey && !e.metaKey && singleKeys.value && list.some(starts)) pending = { key: e.key.toLowerCase(), until: now + sequenceTime };
  return false;
}

/** Starts listening; called once by a page. */
export function listen(target: EventTarget = document): () => void {
  const f = (e: Event) => void dispatch(e as KeyboardEvent);
  target.addEventListener("keydown", f);
  return () => target.removeEventListener("keydown", f);
}

const names = new Map<string, string>([["ArrowUp", "↑"], ["ArrowDown", "↓"], ["ArrowLeft", "←"], ["ArrowRight", "→"], ["Escape", "Esc"], ["Delete", "Del"], ["Backspace", "⌫"]]);

/** Caps to draw: [["Ctrl", "K"]], or [["G"], ["C"]] for one after the other. */
export function caps(keys: string): string[][] {
  return keys.split(" ").filter(Boolean).map((step) => (step === "+" ? ["+"] : step.split("+").map((k) => names.get(k) ?? (k.length === 1 ? k.toUpperCase() : k))));
}
