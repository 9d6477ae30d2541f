// The list of all chats. A change moves one row; the list is told to the screens once per
// turn of the event loop, however much has changed in it, and less often in a flood.
import { batch, type Signal } from "@preact/signals";
import { ChatState, rowOf, type RowContext } from "./chatstate.ts";
import { Pace } from "./pace.ts";
import { Sorted } from "./sorted.ts";
import type { Chat } from "./types.ts";

export interface Totals {
  readonly count: number;
  readonly chats: number;
  readonly mentions: number;
}

/** Pinned first, then the newest; the name tells apart what is of the same time. */
export function chatOrder(a: Chat, b: Chat): number {
  return Number(b.pinned) - Number(a.pinned) || b.time - a.time || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

export class Chats {
  private readonly states = new Map<string, ChatState>();
  private readonly sorted = new Sorted<Chat>(chatOrder);
  private readonly dirty = new Set<ChatState>();
  private count = 0;
  private chats = 0;
  private mentions = 0;
  private readonly pace = new Pace(() => this.flush());
  private closed = false;

  constructor(
    private readonly context: RowContext,
    private readonly list: Signal<readonly Chat[]>,
    private readonly totals: Signal<Totals>,
  ) {}

  get(name: string): ChatState | undefined {
    return this.states.get(name);
  }

  /** The chat of that name, made if it is new here. */
  of(name: string): ChatState {
    let c = this.states.get(name);
    if (c === undefined) {
      c = new ChatState(name);
      this.states.set(name, c);
    }
    return c;
  }

  all(): Iterable<ChatState> {
    return this.states.values();
  }

  /** Something of the chat has changed: its row is made anew before the next painting. */
  touch(c: ChatState): void {
    this.dirty.add(c);
    this.pace.soon();
  }

  touchAll(): void {
    for (const c of this.states.values()) {
      this.touch(c);
    }
  }

  /** Tells what has changed at once, for acts of the person that must be seen at once. */
  flush(): void {
    this.pace.done();
    if (this.closed || this.dirty.size === 0) {
      return;
    }
    // Half of all: sorting once is cheaper than moving each.
    const many = this.dirty.size > 64 && this.dirty.size * 2 > this.states.size;
    batch(() => {
      for (const c of this.dirty) {
        this.renew(c, many);
      }
      if (many) {
        this.sorted.reset([...this.shown].flatMap((c) => c.row.peek() ?? []));
      }
      this.dirty.clear();
      this.list.value = this.sorted.list.slice();
      const now = { count: this.count, chats: this.chats, mentions: this.mentions };
      const old = this.totals.peek();
      if (old.count !== now.count || old.chats !== now.chats || old.mentions !== now.mentions) {
        this.totals.value = now;
      }
    });
  }

  private renew(c: ChatState, many: boolean): void {
    const old = c.row.peek();
    const shown = old !== undefined && this.shown.has(c);
    const next = rowOf(c, this.context);
    if (shown) {
      this.add(old, -1);
    }
    const listed = c.listed || next.last !== undefined;
    if (listed) {
      this.add(next, 1);
      this.shown.add(c);
    } else {
      this.shown.delete(c);
    }
    if (!many) {
      this.sorted.replace(shown ? old : undefined, listed ? next : undefined);
    }
    c.row.value = next;
  }

  /** Chats whose row is in the list. */
  private readonly shown = new Set<ChatState>();

  /** A muted chat is quiet: only mentions in it count. */
  private add(row: Chat, sign: 1 | -1): void {
    const count = row.muted ? row.mentions : row.unread;
    this.count += sign * count;
    this.chats += count > 0 ? sign : 0;
    this.mentions += sign * row.mentions;
  }

  /** Forgets a chat that is no more. */
  remove(c: ChatState): void {
    const row = c.row.peek();
    if (row !== undefined && this.shown.delete(c)) {
      this.add(row, -1);
      this.sorted.replace(row, undefined);
    }
    this.states.delete(c.name);
    this.touch(new ChatState("")); // tells the list; a nameless chat is never in it
  }

  close(): void {
    this.closed = true;
    this.pace.done();
  }
}
