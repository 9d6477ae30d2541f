// Messages on their way out. What the person has written is in the store before it is
// anywhere else; from there one tab of the browser sends it, in order per chat, when the
// line is up. Each message keeps the id that it got when it was written, so that sending
// it again after a doubt is safe: the switch delivers it once.
//
// Ownership: `items` is this tab's picture of the store. The tab that leads works on it;
// every change goes into the store first, then to the other tabs.
import type { Client, Sent } from "../../protocol/index.ts";
import { afresh, extOf, optional, passedOn, withFile, withoutError } from "./item.ts";
import type { Platform } from "./platform.ts";
import { Queue } from "./queue.ts";
import type { Store, StoredFile, StoredItem } from "./store.ts";
import type { TabMessage } from "./tabs.ts";
import type { Outgoing } from "./types.ts";
import { Uploads } from "./uploads.ts";
import { jsonLength, maxText } from "./text.ts";
import { causeSentence, failureOf, type Words } from "./words.ts";

export interface OutboxDeps {
  readonly client: Client;
  readonly platform: Platform;
  readonly words: Words;
  tell(m: TabMessage): void;
  leading(): boolean;
  /** An item of the chat has come, changed or gone. */
  changed(chat: string, key: string): void;
  /** It is sent. */
  sent(item: StoredItem, sent: { readonly mid?: number; readonly time: number }): void;
  trouble(text: string): void;
}

/** Refused for reasons that pass (41, 42): so often it is tried by itself. */
const maxAttempts = 5;
const temporary = new Set([41, 42]);
const retryAfter = 2000;
/** The place of what the store has not taken yet: behind all. */
const unwritten = Number.MAX_SAFE_INTEGER;
/** Files of one message (A9: 16 entries). */
export const maxFiles = 16;

export class Outbox {
  private readonly queue = new Queue();
  private readonly busy = new Set<string>();
  private readonly pausedUntil = new Map<string, number>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private closed = false;
  readonly uploads: Uploads;

  constructor(
    private readonly store: Store,
    private readonly deps: OutboxDeps,
  ) {
    this.uploads = new Uploads(store, {
      client: deps.client,
      words: deps.words,
      objectURL: (b) => deps.platform.objectURL(b),
      revokeURL: (u) => deps.platform.revokeURL(u),
      save: (key, file) => this.change(key, (i) => withFile(i, file)),
      tell: (m) => deps.tell(m),
      changed: (key) => this.touched(key),
      chatChanged: (chat) => deps.changed(chat, ""),
      finished: () => this.pump(),
    });
  }

  /** Reads what an earlier page has left, and what other tabs have done. */
  async load(): Promise<void> {
    const before = this.queue.all().filter((i) => i.seq !== unwritten); // what is written meanwhile may not be in the answer
    const stored = await this.store.items();
    const keys = new Set(stored.map((i) => i.key));
    for (const item of stored) {
      if (this.queue.get(item.key) === undefined && !this.queue.isGone(item.key)) {
        this.queue.keep(item);
        this.deps.changed(item.chat, item.key);
      }
    }
    for (const item of before) {
      if (!keys.has(item.key) && this.queue.get(item.key) !== undefined && !this.busy.has(item.key)) {
        this.drop(item); // gone, and this tab was not told
        this.deps.changed(item.chat, item.key);
      }
    }
    this.pump();
  }

  of(chat: string): Iterable<StoredItem> {
    return this.queue.of(chat);
  }

  get(key: string): StoredItem | undefined {
    return this.queue.get(key);
  }

  get waiting(): number {
    return this.queue.waiting;
  }

  /** Accepts a message: it is shown at once and written into the store. */
  send(chat: string, m: Outgoing): StoredItem {
    const blobs = new Map<string, Blob>();
    const own = (m.files ?? []).map((f) => {
      const key = this.deps.platform.random(8);
      blobs.set(key, f.file);
      return { key, name: f.name, type: f.file.type, size: f.file.size, ...optional("duration", f.duration), ...optional("wave", f.wave) } satisfies StoredFile;
    });
    const others = (m.attached ?? []).map((a) => passedOn(a, this.deps.platform.random(8)));
    const files = [...own, ...others].slice(0, maxFiles);
    const item: StoredItem = {
      seq: unwritten, key: this.deps.platform.random(16), chat, html: m.html, time: this.deps.platform.now(), files, attempts: 0,
      ...optional("reply", m.reply), ...optional("mentions", m.mentions), ...optional("forwarded", m.forwarded), ...this.verdict(m.html),
    };
    this.uploads.own(item, blobs);
    this.queue.keep(item);
    this.deps.changed(chat, item.key);
    void this.write(item, blobs);
    return item;
  }

  private verdict(html: string): Pick<StoredItem, "state" | "error"> {
    return jsonLength(html) > maxText ? { state: "failed", error: this.deps.words("send.long") } : { state: "waiting" };
  }

  private async write(item: StoredItem, blobs: ReadonlyMap<string, Blob>): Promise<void> {
    this.busy.add(item.key); // not before it is kept
    try {
      const { seq: _, ...rest } = item;
      const seq = await this.store.add(rest, blobs);
      const now = this.queue.get(item.key);
      if (now === undefined) {
        await this.store.remove(item.key); // cancelled meanwhile
      } else {
        this.queue.keep({ ...now, seq });
      }
      this.deps.tell({ t: "item", key: item.key });
    } catch {
      // No room on the disk: it is sent from the memory of this page all the same.
      this.deps.trouble(this.deps.words("store.memory"));
      this.orphans.add(item.key);
    }
    this.busy.delete(item.key);
    this.pump();
  }

  /** Items that the store would not take: this tab alone has them and sends them itself. */
  private readonly orphans = new Set<string>();

  retry(key: string): void {
    this.pausedUntil.delete(this.queue.get(key)?.chat ?? "");
    void this.change(key, (i) => {
      const { error: _, ...rest } = i;
      return { ...rest, ...this.verdict(i.html), attempts: 0, files: i.files.map(withoutError) };
    }).then(() => this.pump());
  }

  /** Gives up a message, or one file of it; the last file of a message without text takes the message along. */
  cancel(key: string, file?: string): void {
    const item = this.queue.get(key);
    if (item === undefined) {
      return;
    }
    const rest = item.files.filter((f) => f.key !== file);
    if (file !== undefined && (rest.length > 0 || item.html !== "")) {
      this.uploads.cancel(key, file);
      void this.change(key, (i) => ({ ...i, files: i.files.filter((f) => f.key !== file) })).then(() => this.pump());
      return;
    }
    this.uploads.cancel(key);
    this.drop(item);
    this.deps.changed(item.chat, key);
    void this.store.remove(key).then(() => this.deps.tell({ t: "gone", key }), () => undefined);
    this.pump();
  }

  pause(key: string, file: string, paused: boolean): void {
    this.uploads.pause(key, file, paused);
    void this.change(key, (i) => ({ ...i, files: i.files.map((f) => (f.key === file ? { ...f, paused } : f)) })).then(() => this.pump());
  }

  /** Another tab says that something happened. */
  async heard(m: TabMessage & { readonly t: "item" | "gone" | "progress" }): Promise<void> {
    if (m.t === "progress") {
      this.uploads.heard(m);
      return;
    }
    const old = this.queue.get(m.key);
    if (m.t === "gone") {
      this.queue.forget(m.key);
      if (old !== undefined) {
        this.uploads.cancel(m.key, undefined, m.sent !== undefined);
        this.drop(old);
        if (m.sent !== undefined) {
          this.deps.sent(old, m.sent);
        }
        this.deps.changed(old.chat, m.key);
      }
      return;
    }
    const item = await this.store.item(m.key).catch(() => undefined);
    if (item !== undefined && !this.closed && !this.queue.isGone(m.key)) {
      this.uploads.follow(item);
      this.queue.keep(item);
      this.deps.changed(item.chat, item.key);
      this.pump();
    }
  }

  /** Sends what can be sent. Called whenever something may have changed that it waits for. */
  pump(): void {
    if (this.closed || !this.ready()) {
      return;
    }
    for (const items of this.queue.chats()) {
      this.pumpChat(items);
    }
  }

  /** Another tab may lead from here on: what runs here stops where it is. */
  release(): void {
    this.uploads.release();
  }

  private ready(): boolean {
    const { client } = this.deps;
    return client.line.state === "up" && client.signal.registration.state === "open";
  }

  private pumpChat(items: ReadonlyMap<string, StoredItem>): void {
    let first = true;
    for (const item of items.values()) {
      if (item.state !== "waiting" || (!this.deps.leading() && !this.orphans.has(item.key))) {
        continue;
      }
      this.uploads.start(item);
      // What the person stopped, or cannot go up, does not hold up what was written behind it.
      const held = item.files.some((f) => f.url === undefined && (f.paused === true || f.error !== undefined));
      if (first && !held) {
        first = false; // the next ones go when this one has gone
        this.begin(item);
      }
    }
  }

  private begin(item: StoredItem): void {
    const wait = (this.pausedUntil.get(item.chat) ?? 0) - this.deps.platform.now();
    if (wait <= 0 && !this.busy.has(item.key) && item.files.every((f) => f.url !== undefined)) {
      this.busy.add(item.key);
      void this.transmit(item);
    }
  }

  private async transmit(item: StoredItem): Promise<void> {
    try {
      const sent = await this.deps.client.signal.send({
        chat: item.chat, id: item.key, data: item.html, attach: item.files.map((f) => f.url ?? ""), ext: extOf(item),
      });
      await this.finish(item, sent);
    } catch (e) {
      await this.refused(item, failureOf(e)).catch(() => undefined);
    } finally {
      this.busy.delete(item.key);
    }
    this.pump();
  }

  private async finish(item: StoredItem, sent: Sent): Promise<void> {
    const done = { ...optional("mid", sent.mid), time: sent.timestamp };
    this.uploads.finish(item);
    this.drop(this.queue.get(item.key) ?? item);
    this.deps.sent(item, done);
    this.deps.changed(item.chat, item.key);
    this.deps.tell({ t: "gone", key: item.key, sent: done });
    await this.store.remove(item.key).catch(() => undefined);
  }

  private async refused(item: StoredItem, why: { kind: string; number: number | undefined }): Promise<void> {
    if (why.kind !== "signal") {
      this.later(item.chat, retryAfter); // the line: nobody knows, so the same id goes again
      return;
    }
    const passes = temporary.has(why.number ?? 0) && item.attempts + 1 < maxAttempts;
    // An address that has ended meanwhile: the files go up once more.
    const again = why.number === 50 && item.files.some((f) => f.passedOn !== true) && item.attempts === 0 && this.deps.client.messages.store.state === "on";
    if (passes || again) {
      this.later(item.chat, again ? 0 : retryAfter * 2 ** item.attempts);
      await this.change(item.key, (i) => ({ ...i, attempts: i.attempts + 1, files: again ? i.files.map(afresh) : i.files }));
      return;
    }
    const error = causeSentence(this.deps.words, why.number, item.files.length > 0);
    await this.change(item.key, (i) => ({ ...i, state: "failed", error }));
  }

  private later(chat: string, ms: number): void {
    this.pausedUntil.set(chat, this.deps.platform.now() + ms);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.pump();
    }, ms);
    this.timers.add(timer);
  }

  /** Changes an item in the store and here. Where the store fails, here alone. */
  private async change(key: string, f: (i: StoredItem) => StoredItem): Promise<void> {
    const now = this.queue.get(key);
    if (now === undefined) {
      return;
    }
    this.queue.keep(f(now)); // at once on the screen
    this.deps.changed(now.chat, key);
    await this.store.update(key, f).catch(() => undefined);
    this.deps.tell({ t: "item", key });
  }

  private touched(key: string): void {
    const item = this.queue.get(key);
    if (item !== undefined) {
      this.deps.changed(item.chat, key);
    }
  }

  private drop(item: StoredItem): void {
    this.orphans.delete(item.key);
    this.queue.drop(item);
  }

  close(): void {
    this.closed = true;
    this.timers.forEach(clearTimeout);
    this.uploads.close();
  }
}
