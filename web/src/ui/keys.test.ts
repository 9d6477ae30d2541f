// @vitest-environment jsdom
import { afterEach, expect, test } from "vitest";
import { caps, commandList, dispatch, matches, parseStroke, register, singleKeys } from "./keys.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const s of stops.splice(0)) s();
  document.body.innerHTML = "";
  singleKeys.value = true;
});

function press(key: string, more: KeyboardEventInit = {}, target: Element = document.body, now?: number): KeyboardEvent {
  const e = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  Object.defineProperty(e, "target", { value: target });
  dispatch(e, now);
  return e;
}

function counter(keys: string, more = {}): () => number {
  let n = 0;
  stops.push(register({ keys, word: () => "x", run: () => void n++, ...more }));
  return () => n;
}

test("strokes", () => {
  expect(parseStroke("Ctrl+Shift+Enter")).toEqual({ key: "Enter", ctrl: true, alt: false, shift: true });
  expect(parseStroke("+").key).toBe("+");
  expect(matches(new KeyboardEvent("keydown", { key: "?", shiftKey: true }), parseStroke("?"))).toBe(true);
  expect(matches(new KeyboardEvent("keydown", { key: "K", metaKey: true }), parseStroke("Ctrl+K"))).toBe(true);
  expect(matches(new KeyboardEvent("keydown", { key: "ArrowUp", altKey: true, shiftKey: true }), parseStroke("Alt+ArrowUp"))).toBe(false);
});

test("a command runs and takes the key", () => {
  const n = counter("Ctrl+K");
  expect(press("k", { ctrlKey: true }).defaultPrevented).toBe(true);
  expect(press("k").defaultPrevented).toBe(false);
  expect(n()).toBe(1);
});

test("who types is not disturbed by letters, but by Ctrl", () => {
  document.body.innerHTML = "<input><div contenteditable=true>x</div>";
  const letter = counter("R");
  const ctrl = counter("Ctrl+K");
  for (const el of document.querySelectorAll("input, div")) {
    press("r", {}, el);
    press("k", { ctrlKey: true }, el);
  }
  expect([letter(), ctrl()]).toEqual([0, 2]);
});

test("a letter by AltGr is a letter", () => {
  const n = counter("Ctrl+Alt+Q");
  press("q", { ctrlKey: true, altKey: true, modifierAltGraph: true });
  expect(n()).toBe(0);
});

test("single letters can be switched off", () => {
  const n = counter("?");
  singleKeys.value = false;
  press("?", { shiftKey: true });
  expect(n()).toBe(0);
});

test("one after the other, in time", () => {
  const n = counter("G C");
  press("g", {}, document.body, 0);
  press("c", {}, document.body, 1000);
  press("c", {}, document.body, 1001);
  press("g", {}, document.body, 2000);
  press("c", {}, document.body, 9000);
  expect(n()).toBe(1);
});

test("the scope counts, the last one wins, false passes on", () => {
  document.body.innerHTML = '<div data-scope="list"><a href="#x">row</a></div>';
  const row = document.querySelector("a") ?? document.body;
  const below = counter("Escape");
  const list = counter("N", { scope: "list" });
  let asked = 0;
  stops.push(register({ keys: "Escape", word: () => "", run: () => (asked++, false) }));
  press("Escape");
  press("n");
  press("n", {}, row);
  expect([below(), asked, list()]).toEqual([1, 1, 1]);
  const before = commandList.value.length;
  stops.pop()?.();
  expect(commandList.value.length).toBe(before - 1);
});

test("caps", () => {
  expect(caps("Ctrl+K")).toEqual([["Ctrl", "K"]]);
  expect(caps("G C")).toEqual([["G"], ["C"]]);
  expect(caps("Alt+ArrowUp")).toEqual([["Alt", "↑"]]);
});
