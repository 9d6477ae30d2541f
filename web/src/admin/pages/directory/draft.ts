// What is changed in a form, before it is saved.
import type { DirectoryObject, Editable } from "./types.ts";

/** All that a form of an object holds; what is absent on the wire is empty here. */
export type Draft = { readonly [K in keyof Required<Editable>]: NonNullable<Editable[K]> | (K extends "hide" ? null : never) } & { readonly password: string };

export const emptyDraft: Draft = {
  sip: "", dn: "", cn: "", num: "", disabled: false, apis: [], url: "", apps: [], override_cli: false, second_factor: false, node: "", template: "",
  loc: "", text: "", emails: [], hide: null, critical: false, messages: "", push: "", app_lics: [], allows: [], blocked: [], filter: "", groups: [],
  diversions: [], group: "", websocket: false, password: "",
};

export function draftOf(o: DirectoryObject): Draft {
  const out: Record<string, unknown> = { ...emptyDraft };
  for (const key of Object.keys(emptyDraft)) {
    const value = (o as unknown as Record<string, unknown>)[key];
    if (value !== undefined) out[key] = value;
  }
  return out as unknown as Draft;
}

const same = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b);

/** The members of `now` that are not as in `before`. */
export function changes<T extends object>(before: T, now: T): Partial<T> {
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => !same(value, (before as Record<string, unknown>)[key]))) as Partial<T>;
}

/**
 * After somebody else has saved: one's own changes on top of the new state, and which
 * members both have changed, so that one can look at them.
 */
export function rebase<T extends object>(before: T, mine: T, theirs: T): { draft: T; both: readonly string[] } {
  const own = changes(before, mine);
  const other = changes(before, theirs) as Record<string, unknown>;
  const both = Object.entries(own).filter(([key, value]) => key in other && !same(other[key], value)).map(([key]) => key);
  return { draft: { ...theirs, ...own }, both };
}

/** Words and lists in a line: "a, b;c" is three. */
export function words(line: string): readonly string[] {
  return line.split(/[,;\n]/).map((w) => w.trim()).filter(Boolean);
}
