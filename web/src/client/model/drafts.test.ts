import { expect, test, vi } from "vitest";
import type { Client } from "../../protocol/index.ts";
import { Drafts, type LastWords } from "./drafts.ts";
import type { Store } from "./store.ts";

/** A database that keeps nothing any more, as that of a page that goes. */
function drafts(last: LastWords, stored: { chat: string; html: string; time: number; dirty: boolean }[] = []): Drafts {
  const store = { drafts: async () => stored, setDraft: () => new Promise<void>(() => {}) } as unknown as Store;
  const client = { messages: { store: { state: "off" } } } as unknown as Client;
  return new Drafts({ client, store, now: () => 1, tell: () => {}, changed: () => {}, last });
}

test("what was written last survives a page that goes at once", async () => {
  vi.useFakeTimers();
  let kept: readonly (readonly [string, string])[] = [];
  const last: LastWords = { put: (list) => (kept = list), take: () => kept };
  const before = drafts(last);
  before.set("bob", "half a sent");
  before.leave();
  expect(kept).toEqual([["bob", "half a sent"]]);

  const after = drafts(last, [{ chat: "bob", html: "older", time: 0, dirty: false }]);
  await after.load();
  expect(after.signal("bob").peek()).toBe("half a sent");
  vi.useRealTimers();
});

test("what was told already is not kept twice", () => {
  const put = vi.fn();
  const d = drafts({ put, take: () => [] });
  d.heard("bob", "from another device");
  d.leave();
  expect(put).toHaveBeenCalledWith([]);
});
