import { expect, it } from "vitest";
import { noExt } from "./entry.ts";
import type { NumberedEntry } from "./history.ts";
import { bounded, maxMessages, maxSize } from "./kept.ts";
import { openStore } from "./store.ts";
import { TestBrowser } from "./testkit.ts";

function entry(id: number, html = "x"): NumberedEntry {
  return { key: `#${id}`, id, author: "bob", own: false, html, time: id, files: [], ext: noExt, deleted: false, pinned: false, reactions: [] };
}

it("keeps the newest messages, as many as fit", () => {
  const many = Array.from({ length: 80 }, (_, i) => entry(i + 1));
  expect(bounded(many).map((e) => e.id)).toEqual(many.slice(-maxMessages).map((e) => e.id));
  const long = "y".repeat(maxSize / 3);
  expect(bounded([entry(1, long), entry(2, long), entry(3, long), entry(4)]).map((e) => e.id)).toEqual([2, 3, 4]);
  expect(bounded([entry(1), entry(2, "y".repeat(maxSize))])).toEqual([]);
});

it("keeps the parts that were true last, whatever the chats are called", async () => {
  const store = await openStore(new TestBrowser().indexedDB, "t");
  const names = ["__proto__", "constructor", "a", "b"];
  for (const [i, chat] of names.entries()) {
    await store.setPart({ chat, time: i, entries: [entry(1)] }, 3);
  }
  await store.setPart({ chat: "constructor", time: 9, entries: [entry(2)] }, 2);
  expect(await Promise.all(names.map(async (n) => (await store.part(n))?.entries[0]?.id))).toEqual([undefined, 2, undefined, 1]);
  await store.prune((p) => p.chat === "b");
  expect(await store.part("constructor")).toBeUndefined();
  expect((await store.part("b"))?.time).toBe(3);
  store.close();
});
