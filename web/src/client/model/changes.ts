// What the switch and the store tell, done to the chats. Everything here may be told
// twice (as a text, as a change, and once more after a gap): ids decide what is new.
import type { Change, Text } from "../../protocol/index.ts";
import { lastOf, type ChatState } from "./chatstate.ts";
import type { Talk } from "./conversation.ts";
import { deleted, fromStored, fromText, react, type Entry } from "./entry.ts";
import type { NumberedEntry } from "./history.ts";
import type { Host } from "./host.ts";
import type { Reads } from "./reads.ts";
import { Receipts } from "./receipts.ts";
import { Story } from "./story.ts";

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
  readonly receipts: Receipts;
  private readonly story: Story;

  constructor(private readonly deps: ChangeDeps) {
    const { host, reads } = deps;
    const each = (c: ChatState, f: (t: Talk) => unknown): void => this.each(c, f);
    this.receipts = new Receipts({ host, reads, each, message: (c, e) => this.message(c, e), mentioned: (e) => this.mentioned(e) });
    this.story = new Story({ host, each, add: (c, e) => this.addLoose(c, e), groupsChanged: () => deps.groupsChanged() });
  }

  apply(change: Change): void {
    const c = this.deps.host.chats.of(change.chat);
    switch (change.kind) {
      case "message":
        return this.message(c, this.decode(change.message));
      case "edit":
        return this.edited(c, this.decode(change.message));
      case "delete":
        return this.deleted(c, change.id);
      case "purge":
        return this.purged(c, new Set(change.ids));
      case "react":
        return this.patch(c, change.id, (e) => react(e, change.user, change.emoji, change.on, this.deps.host.me) as NumberedEntry);
      case "pin":
        this.patch(c, change.id, (e) => ({ ...e, pinned: change.on }));
        return this.each(c, (t) => t.loadPins());
      case "mark":
        return this.receipts.mark(c, change.user, change.id, change.state);
      case "draft":
        return this.deps.host.drafts.heard(c.name, change.text);
      case "group":
        return this.story.group(c, change);
      case "member":
        return this.story.member(c, change);
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
      const now = this.receipts.marked(e);
      this.addLoose(c, now);
      this.setLast(c, now);
    }
  }

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

  /** A rule of retention has deleted these: they leave nothing behind, wherever they were shown. */
  private purged(c: ChatState, ids: ReadonlySet<number>): void {
    this.each(c, (t) => t.purge(ids));
    this.deps.host.kept.change(c.name, ids, () => undefined);
    if (c.last?.id !== undefined && ids.has(c.last.id)) {
      c.last = this.newest(c, c.last.time);
      this.deps.host.chats.touch(c);
    }
    if (c.unread > 0 && [...ids].some((id) => id > c.readId)) {
      this.deps.reads.recount(c);
    }
  }

  /** What is left of a chat whose newest message is gone, as far as it is in memory. */
  private newest(c: ChatState, before: number): ChatState["last"] {
    const all = [...c.loose, ...[...this.deps.talks(c.name)].flatMap((t) => t.history.window.list)];
    const shown = all.filter((e) => e.system === undefined && e.hidden !== true && e.time <= before);
    const last = shown.reduce<Entry | undefined>((a, e) => (a === undefined || e.time >= a.time ? e : a), undefined);
    return last && lastOf(last);
  }

  private patch(c: ChatState, id: number, f: (e: NumberedEntry) => NumberedEntry | undefined): void {
    this.each(c, (t) => t.patch(id, f));
    this.deps.host.kept.change(c.name, new Set([id]), f);
  }

  private each(c: ChatState, f: (t: Talk) => unknown): void {
    for (const t of this.deps.talks(c.name)) {
      f(t);
    }
  }
}
