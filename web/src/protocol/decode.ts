// Reading what came over the wire: every value is checked here and trusted behind.
import type { Json, Time } from "./types.ts";

/** A JSON object of unknown content. */
export type Obj = Readonly<Record<string, unknown>>;

/** A message (1.4): an object with a string `mt`. */
export interface Frame extends Obj {
  readonly mt: string;
  readonly api?: string;
  readonly src?: string | number;
}

export function obj(v: unknown): Obj | undefined {
  return typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Obj) : undefined;
}

/** The member as text; empty where it is missing, no text, or too long. */
export function str(v: unknown, max = 65535): string {
  return typeof v === "string" && v.length <= max ? v : "";
}

/** The same, undefined instead of empty: missing and empty are equal (1.4, rule 8). */
export function text(v: unknown, max = 65535): string | undefined {
  return str(v, max) || undefined;
}

/** A whole number from 0 to 2^53-1; decimal strings too (decision 9). */
export function num(v: unknown): number | undefined {
  const n = typeof v === "string" && /^[0-9]{1,16}$/.test(v) ? Number(v) : v;
  return typeof n === "number" && Number.isSafeInteger(n) && n >= 0 ? n : undefined;
}

/** Ids start at 1. */
export function id(v: unknown): number | undefined {
  return num(v) || undefined;
}

export function time(v: unknown): Time | undefined {
  return num(v) || undefined;
}

export function bool(v: unknown): boolean {
  return v === true;
}

export function list(v: unknown, max = 10_000): readonly unknown[] {
  return Array.isArray(v) && v.length <= max ? v : [];
}

export function texts(v: unknown, max = 10_000): readonly string[] {
  return list(v, max).flatMap((x) => text(x) ?? []);
}

/** One of a few words. */
export function word<T extends string>(v: unknown, of: readonly T[]): T | undefined {
  return of.find((w) => w === v);
}

/** Reads each element and leaves out those that mean nothing. */
export function each<T>(v: unknown, read: (o: Obj) => T | undefined, max?: number): readonly T[] {
  return list(v, max).flatMap((x) => {
    const o = obj(x);
    const y = o && read(o);
    return y === undefined ? [] : [y];
  });
}

/**
 * Members of people's own, as JSON. Made with fromEntries, which defines: a member named
 * __proto__ becomes a member and no prototype.
 */
export function rest(o: Obj, known: ReadonlySet<string>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(o).filter(([name]) => !known.has(name))) as Record<string, Json>;
}

export function json(v: unknown): Readonly<Record<string, Json>> {
  return rest(obj(v) ?? {}, new Set());
}
