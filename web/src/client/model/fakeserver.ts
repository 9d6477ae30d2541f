// A switch with a Messages service in memory, for tests of the model: people, chats of
// two, groups, marks, drafts, the log with its tokens, and licences. It keeps the rules
// that the model depends on: one number for both sides, ids against doubles, order.
import type { Change, ChatEntry, GroupEntry, GroupRole, Message, Receipt, Sent, Text, Typing } from "../../protocol/index.ts";
import type { FakeClient } from "./fakeclient.ts";
import { FakeError } from "./fakeerror.ts";

type Distribute<T> = T extends Change ? Omit<T, "n" | "chat" | "timestamp"> : never;
export type ChangeBody = Distribute<Change>;

interface FakeGroup {
  readonly id: number;
  dn: string;
  announce: boolean;
  readonly members: Map<string, GroupRole>;
}

interface Post {
  readonly author: string;
  readonly cid: string;
  message: Message;
}

export class FakeServer {
  readonly names = new Map<string, string>();
  readonly unlicensed = new Set<string>();
  /** Until when, by group and member. */
  readonly muted = new Map<string, number>();
  readonly clients = new Set<FakeClient>();
  readonly groups = new Map<string, FakeGroup>();
  /** Histories by the room: two names, or the name of a group. */
  private readonly rooms = new Map<string, Post[]>();
  private readonly results = new Map<string, Sent>();
  private readonly logs = new Map<string, Change[]>();
  private readonly marks = new Map<string, number>();
  private readonly drafts = new Map<string, string>();
  private readonly where = new Map<number, string>();
  private n = 0;
  private ids = 0;
  /** How many times each id was taken from a client; more than one delivery is a double. */
  readonly deliveries = new Map<string, number>();
  /** Next texts fail with this cause. */
  failWith: number[] = [];
  /** Next texts are taken, but the answer is lost. */
  loseAnswers = 0;
  /** The tokens before this number cannot be answered. */
  forgotten = 0;
  now = (): number => Date.now();

  constructor(...people: string[]) {
    people.forEach((p) => this.names.set(p, p[0]?.toUpperCase() + p.slice(1)));
  }

  // ------------------------------------------------------------ rooms

  room(me: string, chat: string): string {
    return this.groups.has(chat) ? chat : [me, chat].sort().join("\n");
  }

  /** What the chat of a room is called for somebody. */
  chatFor(room: string, sip: string): string {
    const [a = "", b] = room.split("\n");
    return b === undefined ? room : a === sip ? b : a;
  }

  people(room: string): string[] {
    const group = this.groups.get(room);
    return group === undefined ? [...new Set(room.split("\n"))] : [...group.members.keys()];
  }

  stores(sip: string): boolean {
    return !this.unlicensed.has(sip);
  }

  history(me: string, chat: string): Message[] {
    return (this.rooms.get(this.room(me, chat)) ?? []).map((p) => p.message);
  }

  // ------------------------------------------------------------ texts

  send(from: FakeClient, chat: string, id: string, data: string, ext: Text["ext"], attach: readonly string[]): Sent {
    const cause = this.failWith.shift();
    if (cause !== undefined) {
      throw new FakeError("signal", "cause", cause);
    }
    const author = from.me;
    const known = this.results.get(`${author} ${id}`);
    if (known !== undefined) {
      return known;
    }
    if (!this.names.has(chat) && !this.groups.has(chat)) {
      throw new FakeError("signal", "cause", 1);
    }
    const sent = this.take(author, chat, id, data, ext, attach, from);
    this.results.set(`${author} ${id}`, sent);
    if (this.loseAnswers > 0) {
      this.loseAnswers--;
      throw new FakeError("line", "lost");
    }
    return sent;
  }

  /** A message of somebody who has no client here. */
  write(author: string, chat: string, data: string, ext: Text["ext"] = {}): Sent {
    return this.take(author, chat, `x${++this.ids}`, data, ext, []);
  }

  private take(author: string, chat: string, id: string, data: string, ext: Text["ext"], attach: readonly string[], from?: FakeClient): Sent {
    const room = this.room(author, chat);
    const people = this.people(room);
    const stored = people.some((p) => this.stores(p));
    const timestamp = this.now();
    const mid = stored ? ++this.n : undefined;
    this.deliveries.set(id, (this.deliveries.get(id) ?? 0) + 1);
    const base = { id, timestamp, ...(mid === undefined ? {} : { mid }) };
    let taken = false;
    for (const c of this.clients) {
      if (c !== from && people.includes(c.me) && c.isUp) {
        taken ||= c.me !== author;
        const { mid: _, ...bare } = base;
        c.hear({ ...(this.stores(c.me) ? base : bare), chat: this.chatFor(room, c.me), sender: author, senderName: this.names.get(author) ?? "", mime: "text/html", data, attach, ext, own: c.me === author });
      }
    }
    if (!stored && !taken) {
      throw new FakeError("signal", "cause", 20);
    }
    if (mid !== undefined) {
      this.store(room, { author, cid: id, message: messageOf(mid, author, this.names.get(author) ?? "", data, timestamp, id, ext, attach) });
    }
    return this.stores(author) ? base : { id, timestamp };
  }

  private store(room: string, post: Post): void {
    const posts = this.rooms.get(room) ?? [];
    this.rooms.set(room, [...posts, post]);
    this.where.set(post.message.id, room);
    this.tell(room, () => ({ kind: "message", message: post.message }), post.message.id);
  }

  // ------------------------------------------------------------ the log

  /** Tells a change to everybody of a room who has it stored. */
  tell(room: string, change: (sip: string) => ChangeBody | undefined, n = ++this.n, also: string[] = []): void {
    for (const sip of new Set([...this.people(room), ...also])) {
      const body = change(sip);
      if (body !== undefined && this.stores(sip)) {
        const full = { ...body, n, chat: this.chatFor(room, sip), timestamp: this.now() } as Change;
        this.logs.set(sip, [...(this.logs.get(sip) ?? []), full]);
        this.clients.forEach((c) => c.me === sip && c.wake());
      }
    }
  }

  token(): number {
    return this.n;
  }

  since(sip: string, token: number): Change[] | undefined {
    return token < this.forgotten ? undefined : (this.logs.get(sip) ?? []).filter((c) => c.n > token);
  }

  // ------------------------------------------------------------ changes of messages

  private post(id: number): Post {
    const p = this.rooms.get(this.where.get(id) ?? "")?.find((x) => x.message.id === id);
    if (p === undefined) {
      throw new FakeError("api", "not-found", 2);
    }
    return p;
  }

  roomOf(id: number): string {
    this.post(id);
    return this.where.get(id) ?? "";
  }

  update(id: number, text: string): void {
    const p = this.post(id);
    p.message = { ...p.message, text, edited: this.now() };
    this.tell(this.roomOf(id), () => ({ kind: "edit", message: p.message }));
  }

  remove(id: number, user: string): void {
    // As with the real one: it is gone, and no history has it any more.
    const room = this.roomOf(id);
    this.rooms.set(room, (this.rooms.get(room) ?? []).filter((p) => p.message.id !== id));
    this.where.delete(id);
    this.tell(room, () => ({ kind: "delete", id, user }));
  }

  /** A rule of retention deletes. The real one tells this by Sync alone, later than anything live. */
  purge(...ids: number[]): void {
    const room = this.roomOf(ids[0] ?? 0);
    this.rooms.set(room, (this.rooms.get(room) ?? []).filter((p) => !ids.includes(p.message.id)));
    ids.forEach((id) => this.where.delete(id));
    this.tell(room, () => ({ kind: "purge", ids }));
  }

  react(id: number, user: string, emoji: string, on: boolean): void {
    const p = this.post(id);
    const others = p.message.reactions.filter((r) => r.emoji !== emoji);
    const sips = (p.message.reactions.find((r) => r.emoji === emoji)?.sips ?? []).filter((s) => s !== user);
    const now = on ? [...sips, user] : sips;
    p.message = { ...p.message, reactions: now.length > 0 ? [...others, { emoji, count: now.length, own: false, sips: now }] : others };
    this.tell(this.roomOf(id), () => ({ kind: "react", id, user, emoji, on }));
  }

  pin(id: number, user: string, on: boolean): void {
    const p = this.post(id);
    p.message = { ...p.message, pinned: on };
    this.tell(this.roomOf(id), () => ({ kind: "pin", id, user, on }));
  }

  mark(user: string, room: string, id: number, state: "delivered" | "read"): void {
    const key = `${state} ${user} ${room}`;
    if (id <= (this.marks.get(key) ?? 0)) {
      return;
    }
    this.marks.set(key, id);
    this.tell(room, () => ({ kind: "mark", user, id, state }));
    const r = { state, mid: id, sip: user, timestamp: this.now() } as const;
    this.clients.forEach((c) => this.people(room).includes(c.me) && c.receipt({ ...r, chat: this.chatFor(room, c.me) }));
  }

  marked(user: string, room: string, state: "delivered" | "read"): number {
    return Math.max(this.marks.get(`${state} ${user} ${room}`) ?? 0, state === "delivered" ? (this.marks.get(`read ${user} ${room}`) ?? 0) : 0);
  }

  /** A mark of a chat that is not stored. */
  relay(from: FakeClient, chat: string, r: Omit<Receipt, "chat" | "timestamp">): void {
    const room = this.room(from.me, chat);
    this.clients.forEach((c) => c !== from && this.people(room).includes(c.me) && c.receipt({ ...r, chat: this.chatFor(room, c.me), timestamp: this.now() }));
  }

  typing(from: FakeClient, chat: string, on: boolean): void {
    const room = this.room(from.me, chat);
    const t: Omit<Typing, "chat"> = { sip: from.me, name: this.names.get(from.me) ?? "", on };
    this.clients.forEach((c) => c !== from && this.people(room).includes(c.me) && c.typed({ ...t, chat: this.chatFor(room, c.me) }));
  }

  draft(from: FakeClient, chat: string, text: string): void {
    this.drafts.set(`${from.me} ${chat}`, text);
    const room = this.room(from.me, chat);
    this.tell(room, (sip) => (sip === from.me ? { kind: "draft", text } : undefined));
  }

  // ------------------------------------------------------------ lists

  chats(me: string): ChatEntry[] {
    const entries: ChatEntry[] = [];
    for (const [room, posts] of this.rooms) {
      const last = posts.at(-1);
      if (last !== undefined && this.people(room).includes(me)) {
        const chat = this.chatFor(room, me);
        const others = this.people(room).filter((p) => p !== me);
        const read = this.marked(me, room, "read");
        const far = (state: "delivered" | "read"): number => Math.max(0, ...others.map((o) => this.marked(o, room, state)));
        entries.push({
          sip: chat, dn: this.groups.get(chat)?.dn ?? this.names.get(chat) ?? "", group: this.groups.has(chat), timestamp: last.message.timestamp,
          id: last.message.id, author: last.author, preview: last.message.text.slice(0, 120), read, peerRead: far("read"), peerDelivered: far("delivered"),
          unread: posts.filter((p) => p.message.id > read && p.author !== me && !p.message.deleted).length, left: false,
          ...(this.drafts.has(`${me} ${chat}`) ? { draft: this.drafts.get(`${me} ${chat}`) ?? "" } : {}),
        });
      }
    }
    return entries.sort((a, b) => b.timestamp - a.timestamp);
  }

  group(dn: string, ...members: string[]): string {
    const id = ++this.ids;
    const sip = `messages?g${id}`;
    this.groups.set(sip, { id, dn, announce: false, members: new Map(members.map((m, i) => [m, i === 0 ? "owner" : "member"])) });
    this.tell(sip, () => ({ kind: "group", id, dn, announce: false, gone: false }));
    return sip;
  }

  groupsOf(me: string): GroupEntry[] {
    return [...this.groups].flatMap(([sip, g]) => {
      const role = g.members.get(me);
      return role === undefined ? [] : [{ id: g.id, sip, dn: g.dn, role, announce: g.announce, open: false, members: g.members.size }];
    });
  }

  need(sip: string): FakeGroup {
    const g = this.groups.get(sip);
    if (g === undefined) {
      throw new FakeError("api", "not-found", 2);
    }
    return g;
  }

  member(group: string, user: string, role: GroupRole, gone: boolean): void {
    const g = this.need(group);
    if (gone) {
      g.members.delete(user);
    } else {
      g.members.set(user, role);
    }
    this.tell(group, () => ({ kind: "member", id: g.id, user, dn: this.names.get(user) ?? "", role, gone }), ++this.n, [user]);
  }

  mute(group: string, user: string, until: number): void {
    this.muted.set(`${group} ${user}`, until);
    this.member(group, user, this.need(group).members.get(user) ?? "member", false); // the change does not say what has changed
  }

  license(sip: string, on: boolean): void {
    if (on) {
      this.unlicensed.delete(sip);
    } else {
      this.unlicensed.add(sip);
    }
    this.clients.forEach((c) => c.me === sip && c.storeChanged());
  }
}

function messageOf(id: number, author: string, authorName: string, text: string, timestamp: number, cid: string, ext: Text["ext"], attach: readonly string[]): Message {
  const reply = ext["reply"];
  const expires = ext["expires"];
  return {
    id, author, authorName, text, timestamp, cid, ext, deleted: false, pinned: false, reactions: [],
    attached: attach.map((url, i) => ({ id: id * 100 + i, name: url.split("/").pop() ?? "", url, thumb: false })),
    ...(typeof reply === "number" ? { reply } : {}),
    ...(typeof expires === "number" ? { expires } : {}),
  };
}
