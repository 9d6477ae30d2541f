// This tab's picture of what waits, in the order of the store, by chat.
import { put } from "./files.ts";
import type { StoredItem } from "./store.ts";

export class Queue {
  /** In the order in which they were written. */
  private readonly items = new Map<string, StoredItem>();
  private readonly byChat = new Map<string, Map<string, StoredItem>>();
  /** Items that have gone: a picture of the store from before must not bring them back. */
  private readonly gone = new Map<string, true>();

  get(key: string): StoredItem | undefined {
    return this.items.get(key);
  }

  all(): StoredItem[] {
    return [...this.items.values()];
  }

  of(chat: string): Iterable<StoredItem> {
    return this.byChat.get(chat)?.values() ?? [];
  }

  chats(): Iterable<ReadonlyMap<string, StoredItem>> {
    return [...this.byChat.values()];
  }

  /** How many wait; what has failed does not. */
  get waiting(): number {
    let n = 0;
    for (const i of this.items.values()) {
      n += i.state === "waiting" && i.files.every((f) => f.error === undefined) ? 1 : 0;
    }
    return n;
  }

  isGone(key: string): boolean {
    return this.gone.has(key);
  }

  /** It is not to come back, whether this tab had it or not. */
  forget(key: string): void {
    put(this.gone, key, true, 1000);
  }

  keep(item: StoredItem): void {
    this.items.set(item.key, item);
    const chat = this.byChat.get(item.chat);
    if (chat === undefined) {
      this.byChat.set(item.chat, new Map([[item.key, item]]));
      return;
    }
    chat.set(item.key, item);
    if (outOfOrder(chat)) {
      this.byChat.set(item.chat, new Map([...chat].sort((a, b) => a[1].seq - b[1].seq)));
    }
  }

  drop(item: StoredItem): void {
    this.forget(item.key);
    this.items.delete(item.key);
    const chat = this.byChat.get(item.chat);
    chat?.delete(item.key);
    if (chat?.size === 0) {
      this.byChat.delete(item.chat);
    }
  }
}

/** Items of several tabs: the store's order counts, also where the news came in another. */
function outOfOrder(chat: ReadonlyMap<string, StoredItem>): boolean {
  let before = 0;
  for (const { seq } of chat.values()) {
    if (seq < before) {
      return true;
    }
    before = seq;
  }
  return false;
}
