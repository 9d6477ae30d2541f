// How far messages have come: marks of the store, by number, and receipts of the line,
// which name texts by the sender's own id where they have no number.
import type { Receipt } from "../../protocol/index.ts";
import type { ChatState } from "./chatstate.ts";
import type { Talk } from "./conversation.ts";
import type { Entry } from "./entry.ts";
import { put } from "./files.ts";
import type { NumberedEntry } from "./history.ts";
import type { Host } from "./host.ts";
import type { Reads } from "./reads.ts";

/** Marks that were quicker than the answer to the one who sent. */
const maxEarly = 100;

export interface ReceiptDeps {
  readonly host: Host;
  readonly reads: Reads;
  each(c: ChatState, f: (t: Talk) => unknown): void;
  message(c: ChatState, e: NumberedEntry): void;
  mentioned(e: Entry): boolean;
}

export class Receipts {
  /** Marks of texts whose `sent` has not been taken yet. */
  private readonly early = new Map<string, "delivered" | "read">();

  constructor(private readonly deps: ReceiptDeps) {}

  /** An own text without a number that has just been sent, with what was told of it already. */
  marked(e: Entry): Entry {
    const mark = this.early.get(e.key);
    return mark === undefined ? e : { ...e, mark };
  }

  mark(c: ChatState, user: string, id: number, state: "delivered" | "read"): void {
    if (user === this.deps.host.me) {
      if (state === "read") {
        this.deps.reads.told(c, id);
      }
      return;
    }
    if (c.isGroup) {
      const old = c.marks.get(user) ?? { delivered: 0, read: 0 };
      c.marks.set(user, { delivered: Math.max(old.delivered, id), read: state === "read" ? Math.max(old.read, id) : old.read });
    }
    c.peerDelivered = Math.max(c.peerDelivered, id);
    c.peerRead = state === "read" ? Math.max(c.peerRead, id) : c.peerRead;
    this.markLoose(c, state, (e) => e.id !== undefined && e.id <= id);
    this.changedMarks(c);
  }

  /** Receipts of the line: the numbers of own texts, and marks where the text has none. */
  receipt(r: Receipt): void {
    const c = this.deps.host.chats.get(r.chat);
    if (c === undefined) {
      return;
    }
    if (r.state === "sent" && r.mid !== undefined && r.id !== undefined) {
      this.numbered(c, r.id, r.mid, r.timestamp);
    }
    if (r.state !== "delivered" && r.state !== "read") {
      return;
    }
    if (r.mid !== undefined) {
      this.mark(c, r.sip ?? c.name, r.mid, r.state);
    } else if (r.id !== undefined) {
      this.markById(c, r.id, r.state, r.sip ?? c.name);
    }
  }

  /** The switch's outbox has been stored: a text that is shown without number has one now. */
  private numbered(c: ChatState, cid: string, mid: number, time: number): void {
    const e = c.loose.find((x) => x.id === undefined && (x.key === cid || x.key.startsWith(`${cid} `)));
    if (e !== undefined) {
      this.deps.message(c, { ...e, id: mid, time });
    }
  }

  /** A mark covers everything before the text that it names. */
  private markById(c: ChatState, cid: string, state: "delivered" | "read", user: string): void {
    if (user === this.deps.host.me) {
      this.readElsewhere(c, cid, state);
      return;
    }
    const at = c.loose.findIndex((e) => e.key === cid);
    if (at >= 0) {
      const upTo = new Set(c.loose.slice(0, at + 1).map((e) => e.key));
      this.markLoose(c, state, (e) => upTo.has(e.key));
      this.changedMarks(c);
    } else if (this.deps.host.outbox.get(cid) !== undefined && this.early.get(cid) !== "read") {
      put(this.early, cid, state, maxEarly);
    }
  }

  /** Another own device has read a chat that nobody stores. */
  private readElsewhere(c: ChatState, cid: string, state: "delivered" | "read"): void {
    const at = c.loose.findIndex((e) => e.key === cid || e.key.startsWith(`${cid} `));
    if (state === "read" && at >= 0) {
      const rest = c.loose.slice(at + 1).filter((e) => !e.own && e.system === undefined && e.hidden !== true);
      c.unread = Math.min(c.unread, rest.length);
      c.mentions = Math.min(c.mentions, rest.filter((e) => this.deps.mentioned(e)).length);
      this.deps.host.chats.touch(c);
    }
  }

  private markLoose(c: ChatState, state: "delivered" | "read", covered: (e: Entry) => boolean): void {
    c.loose = c.loose.map((e) => (e.own && e.mark !== "read" && e.mark !== state && covered(e) ? { ...e, mark: state } : e));
    if (c.last?.own === true) {
      const same = c.loose.find((e) => e.key === c.last?.key);
      c.last = same?.mark === undefined ? c.last : { ...c.last, mark: same.mark };
    }
  }

  private changedMarks(c: ChatState): void {
    this.deps.each(c, (t) => t.changed());
    if (c.last?.own === true) {
      this.deps.host.chats.touch(c);
    }
  }
}
