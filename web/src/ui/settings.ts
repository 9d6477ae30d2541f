// Choices of the person on this device, kept in localStorage and in step between tabs.
import { type Signal, signal } from "@preact/signals";

const prefix = "tandem.";

function read(name: string): unknown {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined; // storage is off, or somebody else wrote there
  }
}

const made = new Map<string, Signal<unknown>>();

/**
 * A setting as a signal: reading it in a component follows it, writing keeps it. What is
 * stored is checked with `valid`; anything else counts as not chosen.
 * Asked for twice under one name it is the same signal.
 */
export function setting<T>(name: string, standard: T, valid: (x: unknown) => x is T): Signal<T> {
  const before = made.get(name);
  if (before) return before as Signal<T>;
  const stored = read(name);
  const s = signal<T>(valid(stored) ? stored : standard);
  made.set(name, s as Signal<unknown>);
  let known = s.peek();
  s.subscribe((value) => {
    if (Object.is(value, known)) return;
    known = value;
    try {
      localStorage.setItem(prefix + name, JSON.stringify(value));
    } catch {
      // Without storage the choice holds for this page only.
    }
  });
  globalThis.addEventListener?.("storage", (e: StorageEvent) => {
    if (e.key !== prefix + name) return;
    const now = read(name);
    known = valid(now) ? now : standard;
    s.value = known;
  });
  return s;
}

/** A check for one of some words. */
export function oneOf<T extends string>(...words: readonly T[]): (x: unknown) => x is T {
  return (x): x is T => typeof x === "string" && (words as readonly string[]).includes(x);
}

export const isBoolean = (x: unknown): x is boolean => typeof x === "boolean";
export const isString = (x: unknown): x is string => typeof x === "string";
