import { describe, expect, it } from "vitest";
import type { Message, Person } from "../../../model/types.ts";
import { cost } from "../cost.testing.ts";
import { byKey, groupSpan, type Item, itemsOf as rows, quick, type Unread } from "./items.ts";

const localDay = (t: number) => new Date(t).toDateString();
const itemsOf = (m: readonly Message[], unread?: Unread, before?: ReadonlyMap<string, Item>) => rows(m, quick(localDay), unread, before);

const person = (sip: string): Person => ({ sip, dn: sip.toUpperCase(), presence: "available" });
const noon = new Date(2026, 4, 12, 12, 0).getTime();
let n = 0;

function msg(author: string, time: number, more: Partial<Message> = {}): Message {
  n++;
  return {
    key: `k${n}`, id: n, author: person(author), own: author === "me", html: "x", time,
    attached: [], uploads: [], reactions: [], deleted: false, pinned: false, mentioned: false, ...more,
  };
}

const shape = (items: readonly Item[]) =>
  items.map((i) => (i.kind === "message" ? `${i.first ? "[" : ""}${i.message.author.sip}${i.last ? "]" : ""}` : i.kind));

describe("itemsOf", () => {
  it("joins one person's messages within five minutes", () => {
    const items = itemsOf([msg("a", noon), msg("a", noon + groupSpan - 1), msg("a", noon + 2 * groupSpan), msg("b", noon + 2 * groupSpan)]);
    expect(shape(items)).toEqual(["day", "[a", "a]", "[a]", "[b]"]);
  });

  it("begins a group after a day mark and after a system line", () => {
    const late = new Date(2026, 4, 12, 23, 59).getTime();
    const items = itemsOf([
      msg("a", late), msg("a", late + 2 * 60_000),
      msg("", late + 3 * 60_000, { system: { what: "joined", who: "B" } }), msg("a", late + 3 * 60_000),
    ]);
    expect(shape(items)).toEqual(["day", "[a]", "day", "[a]", "system", "[a]"]);
  });

  it("puts the line before the first unread message and breaks its group", () => {
    const list = [msg("a", noon), msg("a", noon + 1), msg("a", noon + 2)];
    const items = itemsOf(list, { id: list[1]?.id as number, count: 2 });
    expect(shape(items)).toEqual(["day", "[a]", "new", "[a", "a]"]);
  });

  it("finds the line where the first unread message itself was deleted for good", () => {
    const list = [msg("a", noon, { id: 10 }), msg("b", noon + 1, { id: 14 })];
    expect(shape(itemsOf(list, { id: 12, count: 1 }))).toEqual(["day", "[a]", "new", "[b]"]);
  });

  it("keeps the line out while nothing unread is loaded, and skips messages that wait", () => {
    const list = [msg("a", noon, { id: 3 }), msg("me", noon + 1, { id: undefined })];
    expect(shape(itemsOf(list, { id: 9, count: 1 }))).toEqual(["day", "[a]", "[me]"]);
  });

  it("uses rows again that have not changed", () => {
    const list = [msg("a", noon), msg("a", noon + 1)];
    const before = itemsOf(list);
    const after = itemsOf([...list, msg("a", noon + 2)], undefined, byKey(before));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toBe(before[2]); // no longer the last of its group
  });

  it("gives every row its own key, also when clocks run back over midnight", () => {
    const midnight = new Date(2026, 4, 13).getTime();
    const items = itemsOf([msg("a", midnight - 1), msg("a", midnight + 1), msg("a", midnight - 1)]);
    expect(new Set(items.map((i) => i.key)).size).toBe(items.length);
    expect(items.filter((i) => i.kind === "day")).toHaveLength(3);
  });

  it("takes people named like members of every object", () => {
    const items = itemsOf([msg("__proto__", noon), msg("constructor", noon + 1), msg("__proto__", noon + 2, { key: "__proto__" })]);
    expect(shape(items)).toEqual(["day", "[__proto__]", "[constructor]", "[__proto__]"]);
    expect(byKey(items).size).toBe(4);
  });

  it("makes rows of 50,000 messages within a few frames", () => {
    const list = Array.from({ length: 50_000 }, (_, i) => msg(i % 7 ? "a" : "b", noon + i * 60_000));
    const before = byKey(itemsOf(list));
    expect(cost(() => itemsOf([...list, msg("a", noon)], undefined, before))).toBeLessThan(400); // 20 ms alone; what is not linear takes minutes
  });
});
