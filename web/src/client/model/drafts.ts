// What somebody has begun to write: kept here at once, on this device after a moment, and
// with the server a little later, for all devices of the person.
import { signal, type Signal } from "@preact/signals";
import type { Client } from "../../protocol/index.ts";
import type { Store } from "./store.ts";
import type { TabMessage } from "./tabs.ts";

const keepAfter = 300;
const tellAfter = 1500;
/** While somebody writes here, what another device says is not let in. */
const ownTime = 5000;
/** The server takes 16 KiB. */
const maxDraft = 16 << 10;

interface Draft {
  readonly signal: Signal<string>;
  written: number;
  dirty: boolean;
  keep?: ReturnType<typeof setTimeout>;
  tell?: ReturnType<typeof setTimeout>;
}

export interface DraftDeps {
  readonly client: Client;
  readonly store: Store;
  now(): number;
  tell(m: TabMessage): void;
  changed(chat: string, html: string): void;
  /** What a page that goes at this moment can still write: chats and texts. */
  readonly last?: LastWords;
}

/** Kept at once, while the database of the browser may not come to it any more. */
export interface LastWords {
  put(list: readonly (readonly [chat: string, html: string])[]): void;
  take(): readonly (readonly [chat: string, html: string])[];
}

export class Drafts {
  private readonly drafts = new Map<string, Draft>();

  constructor(private readonly deps: DraftDeps) {}

  async load(): Promise<void> {
    for (const d of await this.deps.store.drafts()) {
      const mine = this.of(d.chat);
      if (mine.written === 0) {
        mine.dirty = d.dirty;
        this.show(d.chat, mine, d.html);
      }
    }
    for (const [chat, html] of this.deps.last?.take() ?? []) {
      if (this.of(chat).written === 0) {
        this.set(chat, html);
      }
    }
  }

  signal(chat: string): Signal<string> {
    return this.of(chat).signal;
  }

  set(chat: string, html: string): void {
    const d = this.of(chat);
    if (html === d.signal.peek()) {
      return;
    }
    d.written = this.deps.now();
    d.dirty = true;
    d.signal.value = html;
    clearTimeout(d.keep);
    clearTimeout(d.tell);
    d.keep = setTimeout(() => this.keep(chat, d), keepAfter);
    d.tell = setTimeout(() => void this.send(chat, d), html === "" ? keepAfter : tellAfter);
  }

  /** The message was sent: at once, on all devices. */
  clear(chat: string): void {
    if (this.of(chat).signal.peek() !== "") {
      this.set(chat, "");
      this.keep(chat, this.of(chat));
    }
  }

  /** Another tab or device has written. What was written here and is not told yet wins over the server. */
  heard(chat: string, html: string, from: "tab" | "server" = "server"): void {
    const d = this.of(chat);
    if (d.dirty && (from === "server" || this.deps.now() - d.written < ownTime)) {
      return;
    }
    if (html === d.signal.peek()) {
      return;
    }
    d.dirty = false;
    this.show(chat, d, html);
    void this.deps.store.setDraft({ chat, html, time: this.deps.now(), dirty: false }).catch(() => undefined);
  }

  /** The server can be asked again: it learns what was written meanwhile. */
  flush(): void {
    for (const [chat, d] of this.drafts) {
      if (d.dirty) {
        void this.send(chat, d);
      }
    }
  }

  /** The page may be gone in a moment: what was written last is kept now. */
  leave(): void {
    const dirty = [...this.drafts].filter(([, d]) => d.dirty);
    dirty.forEach(([chat, d]) => this.keep(chat, d));
    this.deps.last?.put(dirty.map(([chat, d]) => [chat, d.signal.peek()]));
  }

  private keep(chat: string, d: Draft): void {
    clearTimeout(d.keep);
    const html = d.signal.peek();
    this.deps.changed(chat, html);
    this.deps.tell({ t: "draft", chat, html });
    void this.deps.store.setDraft({ chat, html, time: this.deps.now(), dirty: d.dirty }).catch(() => undefined);
  }

  private async send(chat: string, d: Draft): Promise<void> {
    clearTimeout(d.tell);
    if (this.deps.client.messages.store.state !== "on") {
      return;
    }
    const html = d.signal.peek();
    try {
      if (html.length <= maxDraft) {
        await this.deps.client.messages.setDraft(chat, html);
      }
    } catch {
      return; // stays dirty: flush() comes again
    }
    if (d.signal.peek() === html) {
      d.dirty = false;
      await this.deps.store.setDraft({ chat, html, time: this.deps.now(), dirty: false }).catch(() => undefined);
    }
  }

  private show(chat: string, d: Draft, html: string): void {
    d.signal.value = html;
    this.deps.changed(chat, html);
  }

  private of(chat: string): Draft {
    let d = this.drafts.get(chat);
    if (d === undefined) {
      d = { signal: signal(""), written: 0, dirty: false };
      this.drafts.set(chat, d);
    }
    return d;
  }

  /** Writes what has not been written yet. */
  close(): void {
    for (const [chat, d] of this.drafts) {
      clearTimeout(d.tell);
      if (d.keep !== undefined && d.dirty) {
        clearTimeout(d.keep);
        void this.deps.store.setDraft({ chat, html: d.signal.peek(), time: this.deps.now(), dirty: true }).catch(() => undefined);
      }
    }
  }
}
