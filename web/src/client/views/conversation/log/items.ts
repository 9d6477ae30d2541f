// From messages to the rows of the log: day marks, the line "new", system lines, and
// bubbles that know their place in a group. Pure, so that it can be tested without a page.
import type { Message } from "../../../model/types.ts";

/** Messages by one person within this time are one group (README.md 4, Bubble). */
export const groupSpan = 5 * 60_000;

export type Item =
  | { readonly kind: "day"; readonly key: string; readonly time: number }
  | { readonly kind: "new"; readonly key: string; readonly count: number; readonly time: number }
  | { readonly kind: "system"; readonly key: string; readonly message: Message; readonly time: number }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      readonly time: number;
      /** It opens a group: name above it, gap before it. */
      readonly first: boolean;
      /** It ends a group: the face stands beside it. */
      readonly last: boolean;
    };

export interface Unread {
  readonly id: number;
  readonly count: number;
}

/** Names the day of a time: ui/format.ts dayKey, for the reader's time zone. */
export type DayOf = (time: number) => string;

/**
 * A DayOf that asks only once for each quarter of an hour: every zone's midnight lies on
 * one, and to format 50,000 times takes longer than a frame.
 */
export function quick(dayOf: DayOf): DayOf {
  const known = new Map<number, string>();
  return (time) => {
    const quarter = Math.floor(time / 900_000);
    let day = known.get(quarter);
    if (day === undefined) known.set(quarter, (day = dayOf(time)));
    return day;
  };
}

/** Whether b goes on with the group that a began or went on with. */
export function joins(a: Message, b: Message, dayOf: DayOf): boolean {
  return (
    !a.system && !b.system &&
    a.own === b.own &&
    a.author.sip === b.author.sip &&
    Math.abs(b.time - a.time) < groupSpan &&
    dayOf(a.time) === dayOf(b.time)
  );
}

/**
 * Makes the rows. Rows of `before` whose message and place have not changed are used
 * again as they are, so that a page of 50,000 rows renders only what is new.
 */
export function itemsOf(messages: readonly Message[], dayOf: DayOf, unread?: Unread, before?: ReadonlyMap<string, Item>): Item[] {
  const out: Item[] = [];
  let day = "";
  let marked = unread === undefined;
  for (let i = 0; i < messages.length; i++) {
    const m = messages[i] as Message;
    const today = dayOf(m.time);
    let broken = i === 0;
    if (today !== day) {
      out.push(again(before, { kind: "day", key: `day-${today}`, time: m.time }));
      day = today;
      broken = true;
    }
    if (!marked && unread && m.id !== undefined && m.id >= unread.id) {
      out.push(again(before, { kind: "new", key: "new", count: unread.count, time: m.time }));
      marked = true;
      broken = true;
    }
    out.push(again(before, rowOf(messages, i, dayOf, broken, !marked ? unread : undefined)));
  }
  return unique(out);
}

function rowOf(messages: readonly Message[], i: number, dayOf: DayOf, broken: boolean, unread?: Unread): Item {
  const m = messages[i] as Message;
  const key = `m-${m.key}`;
  if (m.system) return { kind: "system", key, message: m, time: m.time };
  const prev = messages[i - 1];
  const next = messages[i + 1];
  const marksNext = unread !== undefined && next?.id !== undefined && next.id >= unread.id;
  return {
    kind: "message", key, message: m, time: m.time,
    first: broken || !prev || !joins(prev, m, dayOf),
    last: marksNext || !next || !joins(m, next, dayOf),
  };
}

function again(before: ReadonlyMap<string, Item> | undefined, item: Item): Item {
  const old = before?.get(item.key);
  return old && same(old, item) ? old : item;
}

function same(a: Item, b: Item): boolean {
  if (a.kind === "message" && b.kind === "message")
    return a.message === b.message && a.first === b.first && a.last === b.last;
  if (a.kind === "system" && b.kind === "system") return a.message === b.message;
  if (a.kind === "new" && b.kind === "new") return a.count === b.count;
  return a.kind === "day" && b.kind === "day" && a.time === b.time;
}

/**
 * Clocks can run back (a message that waited while the day changed), so a day can come
 * twice. Rows need one key each: the second one gets a number.
 */
function unique(items: Item[]): Item[] {
  const seen = new Map<string, number>();
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Item;
    const n = seen.get(item.key) ?? 0;
    seen.set(item.key, n + 1);
    if (n > 0) items[i] = { ...item, key: `${item.key}~${n}` };
  }
  return items;
}

export function byKey(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((i) => [i.key, i]));
}
