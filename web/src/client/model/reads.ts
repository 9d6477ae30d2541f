// How far one has read: here at once, with the server a moment later, and again after a
// loss of the line until it knows.
import type { Client } from "../../protocol/index.ts";
import type { ChatState } from "./chatstate.ts";
import type { Entry } from "./entry.ts";

const tellAfter = 300;
/** More unread messages than this are not counted anew one by one. */
const maxCount = 200;

export interface ReadDeps {
  readonly client: Client;
  readonly me: string;
  touch(c: ChatState): void;
  /** Messages that are in memory, above a number; undefined where some may be missing. */
  known(c: ChatState, above: number): readonly Entry[] | undefined;
  mentioned(e: Entry): boolean;
  decode(m: Parameters<typeof import("./entry.ts").fromStored>[0]): Entry;
}

export class Reads {
  private readonly timers = new Map<ChatState, ReturnType<typeof setTimeout>>();
  private readonly volatileRead = new Map<string, string>();

  constructor(private readonly deps: ReadDeps) {}

  /** The person has looked at everything up to this message. */
  here(c: ChatState, id: number): void {
    this.seen(c, Math.max(id, c.readId));
    this.looseRead(c);
    if (c.readId > c.readAtServer && !this.timers.has(c)) {
      this.timers.set(c, setTimeout(() => void this.tell(c), tellAfter));
    }
  }

  /** The server, or another tab, says so. */
  told(c: ChatState, id: number): void {
    c.readAtServer = Math.max(c.readAtServer, id);
    if (id > c.readId) {
      this.seen(c, id);
    }
  }

  /** Another tab of this browser says so; the server learns it from there. */
  heard(c: ChatState, id: number): void {
    if (id > c.readId) {
      this.seen(c, id);
    }
    if (id === 0) {
      c.unread = c.mentions = 0;
      this.deps.touch(c);
    }
  }

  private seen(c: ChatState, id: number): void {
    c.readId = id;
    if (id >= c.lastId) {
      if (c.unread !== 0 || c.mentions !== 0) {
        c.unread = c.mentions = 0;
        this.deps.touch(c);
      }
      return;
    }
    this.recount(c);
  }

  /** Counts what is left unread: from memory where it is whole, else by asking. */
  recount(c: ChatState): void {
    const known = this.deps.known(c, c.readId);
    if (known !== undefined) {
      this.count(c, known);
    } else if (this.deps.client.messages.store.state === "on") {
      const from = c.readId;
      this.deps.client.messages.readChat(c.name, { above: from, count: maxCount, keep: true }).then(
        (page) => {
          if (c.readId === from) {
            this.count(c, page.items.map((m) => this.deps.decode(m)));
          }
        },
        () => undefined, // the next "store on" reads all numbers anew
      );
    }
  }

  private count(c: ChatState, entries: readonly Entry[]): void {
    const unread = entries.filter((e) => !e.own && !e.deleted && e.hidden !== true);
    c.unread = unread.length;
    c.mentions = unread.filter((e) => this.deps.mentioned(e)).length;
    this.deps.touch(c);
  }

  /** Texts without a number are marked by the newest one's own id. */
  private looseRead(c: ChatState): void {
    const newest = c.loose.findLast((e) => !e.own && e.id === undefined && e.system === undefined);
    if (newest === undefined || this.deps.client.line.state !== "up") {
      return;
    }
    const cid = newest.key.split(" ")[0] ?? "";
    if (this.volatileRead.get(c.name) !== cid && cid !== "" && !cid.startsWith("#")) {
      this.volatileRead.set(c.name, cid);
      this.deps.client.signal.read(c.name, { id: cid });
    }
  }

  private async tell(c: ChatState): Promise<void> {
    this.timers.delete(c);
    const id = c.readId;
    if (this.deps.client.messages.store.state !== "on" || id <= c.readAtServer) {
      return;
    }
    try {
      await this.deps.client.messages.setRead(id);
      c.readAtServer = Math.max(c.readAtServer, id);
    } catch {
      // flush() tells it again when the store is back.
    }
  }

  /** The store is back: what was read without it is told. */
  flush(chats: Iterable<ChatState>): void {
    for (const c of chats) {
      if (c.readId > c.readAtServer) {
        void this.tell(c);
      }
    }
  }

  close(): void {
    for (const [c, timer] of this.timers) {
      clearTimeout(timer);
      void this.tell(c);
    }
  }
}
