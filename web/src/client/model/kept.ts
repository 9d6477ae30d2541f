// The newest messages of chats that were open, kept on this device: without a line they
// can be read after a reload. The server's history takes their place when it comes.
import type { NumberedEntry } from "./history.ts";
import type { Store, StoredPart } from "./store.ts";
import type { Window } from "./window.ts";

/** Chats of which a part is kept. */
export const maxParts = 50;
/** Messages of one part, and what they may come to as JSON. */
export const maxMessages = 50;
export const maxSize = 128 << 10;
/** Older parts are removed: what was deleted elsewhere must not stay here for ever. */
export const maxAge = 30 * 864e5;
const keepAfter = 1000;

export interface KeptDeps {
  readonly store: Store;
  now(): number;
  /** False: the person does not want to stay signed in, or nothing of this chat is stored. */
  keeps(chat: string): boolean;
}

/** A chat that is open: what of its newest part is known. */
export interface KeptTalk {
  readonly chat: string;
  readonly window: Window<NumberedEntry>;
  /** The window is what the server has told, up to the newest message. */
  readonly whole: boolean;
}

export class Kept {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Chats of which something is kept, as far as this tab knows: other tabs see to theirs. */
  private readonly chats = new Set<string>();
  private closed = false;

  constructor(private readonly deps: KeptDeps) {}

  /** Learns what is kept, and removes what is too old. */
  async load(): Promise<void> {
    const oldest = this.deps.now() - maxAge;
    await this.deps.store.prune((p) => p.time > oldest && this.chats.add(p.chat) !== undefined).catch(() => undefined);
  }

  /** What is kept of a chat; nothing where that cannot be read. */
  async read(chat: string): Promise<readonly NumberedEntry[]> {
    const part = await this.deps.store.part(chat).catch(() => undefined);
    const now = this.deps.now();
    const entries = part !== undefined && Array.isArray(part.entries) && part.time > now - maxAge ? part.entries : [];
    return entries.filter((e) => e.expires === undefined || e.expires > now);
  }

  /** Something of an open chat has changed: it is kept in a moment. */
  soon(talk: KeptTalk): void {
    if (!this.closed && talk.whole && !this.timers.has(talk.chat)) {
      this.timers.set(talk.chat, setTimeout(() => this.now(talk), keepAfter));
    }
  }

  /** Keeps an open chat at once: it closes, or the page goes. */
  now(talk: KeptTalk): void {
    clearTimeout(this.timers.get(talk.chat));
    this.timers.delete(talk.chat);
    if (this.closed || !talk.whole || !talk.window.atEnd || !this.deps.keeps(talk.chat)) {
      return;
    }
    this.chats.add(talk.chat);
    const part: StoredPart = { chat: talk.chat, time: this.deps.now(), entries: bounded(talk.window.list) };
    void this.deps.store.setPart(part, maxParts).catch(() => undefined);
  }

  /** A message of a chat has changed or is gone: also what is kept of it. */
  change(chat: string, ids: ReadonlySet<number>, f: (e: NumberedEntry) => NumberedEntry | undefined): void {
    if (!this.chats.has(chat)) {
      return;
    }
    const each = (e: NumberedEntry): readonly NumberedEntry[] => {
      const next = ids.has(e.id) ? f(e) : e;
      return next === undefined ? [] : [next];
    };
    void this.deps.store.updatePart(chat, (p) => ({ ...p, entries: p.entries.flatMap(each) })).catch(() => undefined);
  }

  /** The server has told all chats: what it does not have any more goes, and what is old. */
  prune(chats: ReadonlySet<string>): void {
    const oldest = this.deps.now() - maxAge;
    void this.deps.store.prune((p) => chats.has(p.chat) && p.time > oldest).catch(() => undefined);
  }

  /** The session was ended from elsewhere: no texts stay. */
  async forget(): Promise<void> {
    this.close();
    await this.deps.store.prune(() => false).catch(() => undefined);
  }

  close(): void {
    this.closed = true;
    this.timers.forEach((t) => clearTimeout(t));
    this.timers.clear();
  }
}

/** The newest ones, as many as fit. */
export function bounded(list: readonly NumberedEntry[]): readonly NumberedEntry[] {
  const newest = list.slice(-maxMessages);
  let size = 0;
  let from = newest.length;
  while (from > 0 && (size += JSON.stringify(newest[from - 1]).length) <= maxSize) {
    from--;
  }
  return newest.slice(from);
}
