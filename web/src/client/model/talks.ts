// The conversations that screens have open; a chat may be open more than once.
import type { ChatState } from "./chatstate.ts";
import type { Talk } from "./conversation.ts";
import type { Entry } from "./entry.ts";
import type { ChatName } from "./types.ts";

export class Talks {
  private readonly open = new Map<ChatName, Set<Talk>>();

  add(t: Talk): void {
    const set = this.open.get(t.state.name) ?? new Set();
    this.open.set(t.state.name, set.add(t));
  }

  remove(t: Talk): void {
    const set = this.open.get(t.state.name);
    set?.delete(t);
    if (set?.size === 0) {
      this.open.delete(t.state.name);
    }
  }

  names(): Iterable<ChatName> {
    return this.open.keys();
  }

  of(chat: ChatName): Iterable<Talk> {
    return [...(this.open.get(chat) ?? [])];
  }

  each(f: (t: Talk) => void): void {
    for (const set of [...this.open.values()]) {
      [...set].forEach(f);
    }
  }

  /** All messages of a chat above a number, where they are in memory without gap. */
  known(c: ChatState, above: number): readonly Entry[] | undefined {
    for (const t of this.of(c.name)) {
      const { window, loaded, pretended } = t.history;
      if (loaded && !pretended && window.atEnd && (window.atStart || (window.first?.id ?? Infinity) <= above)) {
        return window.list.filter((e) => e.id > above);
      }
    }
    return undefined;
  }
}
