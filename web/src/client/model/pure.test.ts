// The parts without a world around them.
import { describe, expect, it } from "vitest";
import { chance } from "./chance.ts";
import { chatOrder } from "./chats.ts";
import { ChatState } from "./chatstate.ts";
import { decodeExt, escapeHTML, fromStored, keyOf, react } from "./entry.ts";
import { utf16 } from "./search.ts";
import { Sorted } from "./sorted.ts";
import { cut, fold, jsonLength, plain, shownName } from "./text.ts";
import { lineOf, TraceRing } from "./trace.ts";
import type { Chat } from "./types.ts";
import { Window } from "./window.ts";

describe("plain", () => {
  it.each([
    ["<b>a</b> &amp; b", "a & b"],
    ["<p>one</p><p>two</p>", "one two"],
    ["a<br>b\n\tc", "a b c"],
    ["&lt;script&gt;", "<script>"],
    ["&#65;&#x42;&#0;&#xd800;&nope;", "AB&nope;"],
    ["1 &lt; 2 &#128512;", "1 < 2 😀"],
    ["<b", "<b"],
  ])("%s", (html, text) => expect(plain(html)).toBe(text));

  it("never cuts a character in two", () => {
    expect(cut("😀😀😀", 4)).toBe("😀…");
    expect(plain("x".repeat(500), 20)).toHaveLength(20);
  });
});

describe("shownName", () => {
  it.each([
    ["\u200b\u200e", "bob", "bob"],
    ["\u202egnp.exe", "x", "gnp.exe"],
    ["  a\u0000\nb ", "x", "ab"],
    ["", "\u200b", "?"],
    ["\u3164\u2800 ", "bob", "bob"],
    ["__proto__", "x", "__proto__"],
    ["Ayşegül 👩‍🚀", "x", "Ayşegül 👩‍🚀"],
  ])("%j", (name, sip, shown) => expect(shownName(name, sip)).toBe(shown));

  it("is bounded", () => expect(shownName("n".repeat(100_000), "x").length).toBeLessThanOrEqual(200));
});

it("counts a text as JSON, in bytes", () => {
  expect(jsonLength('a"ü')).toBe(5);
  expect(fold("İĞÜş")).toBe("igus");
  expect(escapeHTML('<a href="x">\n&')).toBe("&lt;a href=&quot;x&quot;&gt;<br>&amp;");
});

it("turns marks by characters into marks by UTF-16 units", () => {
  expect(utf16("😀 cake", [[2, 6], [3, 99], [4, 2]])).toEqual([[3, 7]]);
});

describe("ext", () => {
  it("takes what it knows and nothing else", () => {
    const ext = JSON.parse('{"mentions":["bob",1,null],"wave":[0,50,1e9,"x",-5],"forwarded":"Carol","duration":-1,"__proto__":{"mentions":["eve"]}}');
    expect(decodeExt(ext)).toEqual({ mentions: ["bob"], wave: [0, 0.5, 1, 0, 0], forwarded: "Carol" });
    expect(decodeExt({ mentions: "bob", wave: {}, duration: "1" })).toEqual({ mentions: [] });
    expect(decodeExt({ wave: Array(10_000).fill(1) }).wave).toHaveLength(128);
  });

  it("keeps two senders with the same id apart", () => {
    expect(keyOf("eve", "a1", 1, false)).not.toBe(keyOf("alice", "a1", 2, true));
    expect(keyOf("eve", "", 7, false)).toBe("#7");
  });
});

describe("react", () => {
  const entry = fromStored({ id: 1, author: "bob", text: "hi", timestamp: 1, attached: [], ext: {}, deleted: false, pinned: false, reactions: [] }, "alice");
  it("may be done twice", () => {
    const once = react(entry, "alice", "👍", true, "alice");
    expect(once.reactions).toEqual([{ emoji: "👍", count: 1, own: true, sips: ["alice"] }]);
    expect(react(once, "alice", "👍", true, "alice")).toBe(once);
    const off = react(once, "alice", "👍", false, "alice");
    expect(off.reactions).toEqual([]);
    expect(react(off, "alice", "👍", false, "alice")).toBe(off);
  });
});

describe("Window", () => {
  it.each(Array.from({ length: 60 }, (_, i) => i))("is always a part of the history without gaps (%i)", (seed) => {
    const pick = chance(seed + 1);
    const max = 5 + pick(20);
    const history: { id: number; v: number }[] = [];
    let id = 0;
    const write = (): { id: number; v: number } => {
      const item = { id: (id += 1 + pick(3)), v: 0 };
      history.push(item);
      return item;
    };
    for (let n = pick(60); n > 0; n--) {
      write();
    }
    const w = new Window<{ id: number; v: number }>(max);
    const size = 1 + pick(8);
    const newest = history.slice(-size);
    w.reset(newest, newest.length === history.length, true);
    for (let step = 0; step < 200; step++) {
      const first = w.first?.id ?? Infinity;
      const last = w.last?.id ?? 0;
      switch (pick(6)) {
        case 0: {
          const older = history.filter((x) => x.id < first);
          w.before(older.slice(-size).reverse(), older.length <= size);
          break;
        }
        case 1: {
          const newer = history.filter((x) => x.id > last);
          w.behind(newer.slice(0, size), newer.length <= size);
          break;
        }
        case 2:
          w.put(write());
          break;
        case 3: {
          const i = pick(history.length || 1);
          const old = history[i];
          if (old !== undefined) {
            const next = { ...old, v: old.v + 1 };
            history[i] = next;
            if (w.get(old.id) !== undefined) {
              w.put(next);
            }
          }
          break;
        }
        case 4: {
          const i = pick(history.length || 1);
          const [gone] = history.splice(i, 1);
          if (gone !== undefined) {
            w.remove(gone.id);
          }
          break;
        }
        case 5: {
          const at = pick(history.length || 1);
          const part = history.slice(Math.max(0, at - size), at + size);
          w.reset(part, at - size <= 0, at + size >= history.length);
          break;
        }
      }
      check(w, history, max, `seed ${seed}, step ${step}`);
    }
  });

  function check(w: Window<{ id: number; v: number }>, history: readonly { id: number; v: number }[], max: number, where: string): void {
    expect(w.list.length, where).toBeLessThanOrEqual(max);
    if (w.list.length === 0) {
      return;
    }
    const from = history.findIndex((x) => x.id === w.first?.id);
    expect(w.list, where).toEqual(history.slice(from, from + w.list.length));
    if (w.atStart) {
      expect(from, where).toBe(0);
    }
    if (w.atEnd) {
      expect(w.last, where).toEqual(history.at(-1));
    }
  }
});

describe("Sorted", () => {
  it("stays what sorting would make, whatever moves", () => {
    const pick = chance(7);
    const rows = new Map<string, Chat>();
    const sorted = new Sorted<Chat>(chatOrder);
    for (let step = 0; step < 3000; step++) {
      const name = `c${pick(80)}`;
      const old = rows.get(name);
      const next = pick(10) === 0 ? undefined : row(name, pick(40), pick(5) === 0);
      sorted.replace(old, next);
      if (next === undefined) {
        rows.delete(name);
      } else {
        rows.set(name, next);
      }
      if (step % 50 === 0) {
        expect(sorted.list).toEqual([...rows.values()].sort(chatOrder));
      }
    }
  });

  it("finds and moves one row of 5,000 by halving", () => {
    let compared = 0;
    const sorted = new Sorted<Chat>((a, b) => (compared++, chatOrder(a, b)));
    const rows = Array.from({ length: 5000 }, (_, i) => row(`c${i}`, i, false));
    sorted.reset(rows);
    compared = 0;
    sorted.replace(rows[17], row("c17", 9999, false));
    expect(sorted.list[0]?.name).toBe("c17");
    expect(compared).toBeLessThan(40);
  });

  function row(name: string, time: number, pinned: boolean): Chat {
    return { name, title: name, volatile: false, unread: 0, mentions: 0, muted: false, pinned, typing: [], time };
  }
});

it("counts each message once, in whatever order", () => {
  const c = new ChatState("bob");
  c.countedTo(10);
  expect([12, 11, 12, 10, 13, 11].map((n) => c.isNew(n))).toEqual([true, true, false, false, true, false]);
  for (let n = 14; n < 10_000; n++) {
    expect(c.isNew(n)).toBe(true);
  }
  expect(c.isNew(9_999)).toBe(false);
  expect(c.isNew(14)).toBe(false);
});

describe("traces", () => {
  it("keep the newest lines, bounded by number and size", () => {
    const ring = new TraceRing();
    for (let n = 0; n < 5000; n++) {
      ring.add({ time: n, flag: "App", text: `line ${n}` });
    }
    expect(ring.list()).toHaveLength(2000);
    expect(ring.list().at(-1)?.text).toBe("line 4999");
    for (let n = 0; n < 200; n++) {
      ring.add({ time: n, flag: "App", text: "x".repeat(100_000) });
    }
    expect(ring.list().length).toBeLessThan(100);
  });

  it("show names and texts by their length alone", () => {
    const frame = { time: 1, connection: "c1", kind: "in", text: '{"mt":"x","data":"a \\"secret\\"","dn":"Bob","id":7,"text":"cut off' } as const;
    expect(lineOf(frame, false).text).toBe('c1 {"mt":"x","data":"(12)","dn":"(3)","id":7,"text":"(7)"');
    expect(lineOf(frame, true).text).toContain("secret");
  });
});
