// The list of a conversation: the window, between it what has no number (by time), and
// last what waits to be sent. Nothing is shown twice: where the history has a message,
// its earlier forms are left out.
import type { Entry } from "./entry.ts";
import type { NumberedEntry } from "./history.ts";
import type { StoredItem } from "./store.ts";
import type { Message } from "./types.ts";
import type { Window } from "./window.ts";

interface Maker {
  entry(e: Entry): Message;
  item(i: StoredItem): Message;
}

export function merge(window: Window<NumberedEntry>, loose: readonly Entry[], items: readonly StoredItem[], make: Maker): Message[] {
  const keys = new Set(window.list.map((e) => e.key));
  const fits = within(window);
  const between = loose.filter((e) => !keys.has(e.key) && fits(e.time));
  const failed = items.filter((i) => i.state === "failed" && !keys.has(i.key) && fits(i.time));
  const list: Message[] = [];
  const rest = [...between.map((e) => ({ time: e.time, make: () => make.entry(e) })), ...failed.map((i) => ({ time: i.time, make: () => make.item(i) }))];
  rest.sort((a, b) => a.time - b.time);
  let next = 0;
  for (const e of window.list) {
    for (; next < rest.length && (rest[next]?.time ?? 0) < e.time; next++) {
      list.push(...made(rest[next]));
    }
    if (e.hidden !== true) {
      list.push(make.entry(e));
    }
  }
  for (; next < rest.length; next++) {
    list.push(...made(rest[next]));
  }
  if (window.atEnd || window.last === undefined) {
    const shown = new Set(between.map((e) => e.key));
    items.forEach((i) => i.state === "waiting" && !keys.has(i.key) && !shown.has(i.key) && list.push(make.item(i)));
  }
  return list;
}

function made(r: { make: () => Message } | undefined): Message[] {
  return r === undefined ? [] : [r.make()];
}

/** Tells whether a time belongs to the part of the history that the window shows. */
function within(w: Window<NumberedEntry>): (time: number) => boolean {
  const { first, last } = w;
  if (first === undefined || last === undefined) {
    return () => true;
  }
  return (time) => (w.atStart || time >= first.time) && (w.atEnd || time <= last.time);
}
