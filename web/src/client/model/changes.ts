// What the switch and the store tell, done to the chats. Everything here may be told
// twice (as a text, as a change, and once more after a gap): ids decide what is new.
import type { Change, Receipt, Text } from "../../protocol/index.ts";
import { lastOf, type ChatState } from "./chatstate.ts";
import type { Talk } from "./conversation.ts";
import { deleted, fromStored, fromText, keyOf, noExt, react, type Entry } from "./entry.ts";
import { put } from "./files.ts";
import type { NumberedEntry } from "./history.ts";
import type { Host } from "./host.ts";
import type { Reads } from "./reads.ts";
import type { SystemLine } from "./types.ts";

/** Of one chat without a store, and lines of its story. */
const maxLoose = 1000;

export interface ChangeDeps {
  readonly host: Host;
  readonly reads: Reads;
  talks(chat: string): Iterable<Talk>;
  /** A new message has come. */
  arrived(c: ChatState, e: Entry): void;
  groupsChanged(): void;
  now(): number;
}

export class Changes {
  constructor(private readonly deps: ChangeDeps) {}

  apply(change: Change): void {
    const c = this.deps.host.chats.of(change.chat);
    switch (change.kind) {
      case "message":
        return this.message(c, this.decode(change.message));
      case "edit":
        return this.edited(c, this.decode(change.message));
      case "delete":
        return this.deleted(c, change.id);
      case "react":
        return this.patch(c, change.id, (e) => react(e, change.user, change.emoji, change.on, this.deps.host.me) as NumberedEntry);
      case "pin":
        this.patch(c, change.id, (e) => ({ ...e, pinned: change.on }));
        return this.each(c, (t) => t.loadPins());
      case "mark":
        return this.mark(c, change.user, change.id, change.state);
      case "draft":
        return this.deps.host.drafts.heard(c.name, change.text);
      case "group":
        return this.group(c, change);
      case "member":
        return this.member(c, change);
    }
  }

  private decode(m: Parameters<typeof fromStored>[0]): NumberedEntry {
    this.deps.host.people.learn(m.author, m.authorName);
    return fromStored(m, this.deps.host.me) as NumberedEntry;
  }

  // ------------------------------------------------------------ messages

  /** A text as it comes on the line. Where the chat is stored, the store tells it too. */
  text(t: Text): void {
    if (t.sender !== "") {
      this.deps.host.people.learn(t.sender, t.senderName);
    }
    const { client } = this.deps.host;
    if (t.mid !== undefined && client.messages.store.state === "on" && !client.sync.current) {
      return; // the log tells it too, behind what was missed before it
    }
    const c = this.deps.host.chats.of(t.chat);
    const e = fromText(t);
    c.typing.delete(t.sender);
    if (e.id !== undefined) {
      this.message(c, e as NumberedEntry);
    } else {
      this.loose(c, e);
    }
  }

  /** A numbered message; called for new ones and for such that are known already. */
  message(c: ChatState, e: NumberedEntry): void {
    const isNew = c.isNew(e.id);
    const before = c.loose.length;
    const was = c.loose.find((x) => x.key === e.key);
    c.loose = before === 0 ? c.loose : c.loose.filter((x) => x.key !== e.key);
    this.each(c, (t) => t.live(this.merged(t, e)));
    if (!isNew) {
      if (c.last?.key === e.key || c.last?.id === e.id) {
        this.setLast(c, e);
      }
      return;
    }
    c.lastId = Math.max(c.lastId, e.id);
    c.typing.delete(e.author);
    if (e.hidden !== true) {
      this.setLast(c, e);
    }
    if (was === undefined) {
      this.count(c, e);
    }
  }

  /** The line tells less than the store: what the store has told of the files stays. */
  private merged(t: Talk, e: NumberedEntry): NumberedEntry {
    const old = t.history.window.get(e.id);
    const poorer = old !== undefined && e.files.length > 0 && e.files.every((f) => f.id === undefined) && old.files.some((f) => f.id !== undefined);
    return poorer ? old : e;
  }

  /** Counts a new message: unread where somebody else wrote it. */
  private count(c: ChatState, e: Entry): void {
    if (!e.own && !e.deleted && e.hidden !== true && (e.id === undefined || e.id > c.readId)) {
      c.unread++;
      c.mentions += this.mentioned(e) ? 1 : 0;
    }
    this.deps.host.chats.touch(c);
    this.deps.arrived(c, e);
  }

  mentioned(e: Entry): boolean {
    return !e.own && e.ext.mentions.includes(this.deps.host.me);
  }

  /** A text without a number: a volatile chat, or the store is away. */
  private loose(c: ChatState, e: Entry): void {
    if (c.loose.some((x) => x.key === e.key) || this.inWindow(c, e.key)) {
      return;
    }
    this.addLoose(c, e);
    if (e.hidden !== true) {
      this.setLast(c, e);
    }
    this.count(c, e);
  }

  private inWindow(c: ChatState, key: string): boolean {
    return [...this.deps.talks(c.name)].some((t) => t.history.window.list.some((e) => e.key === key));
  }

  private addLoose(c: ChatState, e: Entry): void {
    const list = [...c.loose];
    let i = list.length;
    while (i > 0 && (list[i - 1]?.time ?? 0) > e.time) {
      i--;
    }
    list.splice(i, 0, e);
    c.loose = list.slice(-maxLoose);
    this.each(c, (t) => t.changed());
  }

  /** An own message has gone out from here. */
  sent(c: ChatState, e: Entry): void {
    if (e.id !== undefined) {
      this.message(c, e as NumberedEntry);
      return;
    }
    if (!c.loose.some((x) => x.key === e.key) && !this.inWindow(c, e.key)) {
      const mark = this.early.get(e.key);
      const now = mark === undefined ? e : { ...e, mark };
      this.addLoose(c, now);
      this.setLast(c, now);
    }
  }

  /** Marks of texts whose `sent` has not been taken yet. */
  private readonly early = new Map<string, "delivered" | "read">();

  private setLast(c: ChatState, e: Entry): void {
    if (c.last === undefined || e.time >= c.last.time || c.last.key === e.key) {
      c.last = lastOf(e);
      this.deps.host.chats.touch(c);
    }
  }

  private edited(c: ChatState, e: NumberedEntry): void {
    this.patch(c, e.id, () => e);
    if (c.last?.id === e.id) {
      c.last = lastOf(e);
      this.deps.host.chats.touch(c);
    }
    if ([...this.deps.talks(c.name)].some((t) => t.pins.peek().some((p) => p.id === e.id))) {
      this.each(c, (t) => t.loadPins());
    }
  }

  private deleted(c: ChatState, id: number): void {
    const now = this.deps.now();
    // Whose time was over leaves nothing behind; what was taken back leaves a line, so that
    // nobody wonders. The history does not have it: loaded anew, the line is gone.
    this.patch(c, id, (e) => (e.expires !== undefined && e.expires <= now ? undefined : (deleted(e) as NumberedEntry)));
    if (c.last?.id === id) {
      c.last = { ...c.last, text: "", what: "deleted" };
      this.deps.host.chats.touch(c);
    }
    if (id > c.readId && c.unread > 0) {
      this.deps.reads.recount(c);
    }
    this.each(c, (t) => t.pins.peek().some((p) => p.id === id) && t.loadPins());
  }

  private patch(c: ChatState, id: number, f: (e: NumberedEntry) => NumberedEntry | undefined): void {
    this.each(c, (t) => t.patch(id, f));
  }

  // ------------------------------------------------------------ marks

  private mark(c: ChatState, user: string, id: number, state: "delivered" | "read"): void {
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
      this.message(c, { ...e, id: mid, time });
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
      put(this.early, cid, state, 100);
    }
  }

  /** Another own device has read a chat that nobody stores. */
  private readElsewhere(c: ChatState, cid: string, state: "delivered" | "read"): void {
    const at = c.loose.findIndex((e) => e.key === cid || e.key.startsWith(`${cid} `));
    if (state === "read" && at >= 0) {
      const rest = c.loose.slice(at + 1).filter((e) => !e.own && e.system === undefined && e.hidden !== true);
      c.unread = Math.min(c.unread, rest.length);
      c.mentions = Math.min(c.mentions, rest.filter((e) => this.mentioned(e)).length);
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
    this.each(c, (t) => t.changed());
    if (c.last?.own === true) {
      this.deps.host.chats.touch(c);
    }
  }

  // ------------------------------------------------------------ groups

  private group(c: ChatState, g: Change & { readonly kind: "group" }): void {
    const old = c.group;
    if (g.gone) {
      c.left = true;
    } else {
      c.since = Math.max(c.since, old === undefined ? g.timestamp : 0);
      c.group = { id: g.id, title: g.dn, announce: g.announce, count: old?.count ?? 0, role: old?.role ?? "member" };
      c.left = false;
      if (old !== undefined && old.title !== g.dn && g.dn !== "") {
        this.story(c, { what: "titled", who: "", text: g.dn }, g);
      }
    }
    this.deps.host.chats.touch(c);
    this.deps.groupsChanged(); // role and number of members are not in the change
  }

  private member(c: ChatState, m: Change & { readonly kind: "member" }): void {
    const { people, me } = this.deps.host;
    people.learn(m.user, m.dn);
    const before = c.roster?.get(m.user);
    if (m.gone || m.role === "banned") {
      c.roster?.delete(m.user);
      this.story(c, { what: "left", who: people.name(m.user) }, m);
    } else {
      c.roster?.set(m.user, m.role);
      if (c.roster !== undefined && before === undefined) {
        this.story(c, { what: "joined", who: people.name(m.user) }, m);
      } else if (before !== undefined && before !== m.role) {
        this.story(c, { what: "role", who: people.name(m.user), text: m.role }, m);
      }
    }
    if (m.user === me) {
      c.left = m.gone;
      c.group = c.group && { ...c.group, role: m.role };
    }
    this.each(c, (t) => t.forgetMembers());
    this.deps.host.chats.touch(c);
    this.deps.groupsChanged();
  }

  private story(c: ChatState, system: SystemLine, change: Change): void {
    const key = keyOf("", undefined, change.n, false) + "s";
    if (!c.loose.some((e) => e.key === key)) {
      this.addLoose(c, {
        key, author: "", own: false, html: "", time: change.timestamp, files: [], ext: noExt, deleted: false, pinned: false, reactions: [], system,
      });
    }
  }

  private each(c: ChatState, f: (t: Talk) => unknown): void {
    for (const t of this.deps.talks(c.name)) {
      f(t);
    }
  }
}
