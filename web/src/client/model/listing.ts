// The list of chats as the server tells it, at the beginning and after a reset; and the
// list of last time, which stands in until then.
import type { ChatEntry, GroupEntry } from "../../protocol/index.ts";
import type { ChatState, Last } from "./chatstate.ts";
import type { Host } from "./host.ts";
import type { Reads } from "./reads.ts";
import type { Store, StoredRow } from "./store.ts";

/** Rows that are kept for the next start. */
const maxRows = 200;
const keepAfter = 1000;
const groupsAfter = 300;
/** Groups whose unread messages are read at the start, for mentions in them. */
const maxMentionScans = 20;
/** Key of a newest message that only this browser tells. */
const restored = "";

export class Listing {
  private groupTimer: ReturnType<typeof setTimeout> | undefined;
  private keepTimer: ReturnType<typeof setTimeout> | undefined;
  private told = false;
  private kept = "";

  constructor(
    private readonly host: Host,
    private readonly reads: Reads,
    private readonly store: Store,
    /** False: the person does not want to stay signed in, so no texts stay on the disk. */
    private readonly keeps: () => boolean,
  ) {}

  /** Reads the list anew: what the server says counts. */
  async read(): Promise<void> {
    const { messages } = this.host.client;
    const [entries, groups] = await Promise.all([messages.readChats(), messages.readGroups().catch(() => undefined)]);
    this.told = true;
    entries.forEach((e) => this.take(e));
    this.dropRestored();
    if (groups !== undefined) {
      this.takeGroups(groups);
    }
    this.host.chats.flush();
    this.host.kept.prune(new Set(entries.filter((e) => !e.left).map((e) => e.sip)));
    this.changed();
    entries.filter((e) => e.group && e.unread > 0).slice(0, maxMentionScans).forEach((e) => this.reads.recount(this.host.chats.of(e.sip)));
  }

  /** Rows of last time that the server knows nothing of any more. */
  private dropRestored(): void {
    for (const c of this.host.chats.all()) {
      if (c.last?.key === restored) {
        c.last = undefined;
        c.unread = c.mentions = 0;
        this.host.chats.touch(c);
      }
    }
  }

  private take(e: ChatEntry): void {
    const { host } = this;
    const c = host.chats.of(e.sip);
    if (e.group) {
      c.group ??= { id: idOf(e.sip), title: e.dn, announce: false, count: 0, role: "member" };
      c.left = e.left;
    } else {
      host.people.learn(e.sip, e.dn);
    }
    c.lastId = Math.max(c.lastId, e.id ?? 0);
    c.countedTo(c.lastId);
    c.readAtServer = Math.max(c.readAtServer, e.read ?? 0);
    c.peerRead = Math.max(c.peerRead, e.peerRead ?? 0);
    c.peerDelivered = Math.max(c.peerDelivered, e.peerDelivered ?? 0, c.peerRead);
    if ((e.read ?? 0) >= c.readId && c.lastId === (e.id ?? 0)) {
      c.readId = e.read ?? 0;
      c.unread = e.unread;
      c.mentions = Math.min(c.mentions, e.unread);
    } else {
      c.readId = Math.max(c.readId, e.read ?? 0);
      this.reads.recount(c); // read here while the server could not be told, or a text was quicker
    }
    c.last = this.last(c, e) ?? c.last;
    host.drafts.heard(e.sip, e.draft ?? "");
    host.chats.touch(c);
  }

  private last(c: ChatState, e: ChatEntry): Last | undefined {
    if (e.id === undefined || (c.last !== undefined && c.last.key !== restored && (c.last.id === e.id || c.last.time > e.timestamp))) {
      return undefined;
    }
    const own = e.author === this.host.me;
    const what = e.preview === "" ? { what: "file" as const } : {};
    return { key: `#${e.id}`, id: e.id, author: e.author ?? "", own, text: e.preview, time: e.timestamp, ...what };
  }

  /** Roles and numbers of members come from here alone; asked again a moment after a change. */
  groupsSoon(): void {
    clearTimeout(this.groupTimer);
    this.groupTimer = setTimeout(() => {
      this.host.client.messages.readGroups().then((groups) => this.takeGroups(groups), () => undefined);
    }, groupsAfter);
  }

  private takeGroups(groups: readonly GroupEntry[]): void {
    const names = new Set(groups.map((g) => g.sip));
    for (const g of groups) {
      const c = this.host.chats.of(g.sip);
      c.group = { id: g.id, title: g.dn, announce: g.announce, count: g.members ?? 0, role: g.role ?? "member" };
      c.left = false;
      this.host.chats.touch(c);
    }
    for (const c of this.host.chats.all()) {
      if (c.group !== undefined && !c.left && !names.has(c.name)) {
        c.left = true;
        this.host.chats.touch(c);
      }
    }
  }

  // ------------------------------------------------------------ the list of last time

  async restore(): Promise<void> {
    const rows = await this.store.rows().catch(() => []);
    for (const r of this.told ? [] : rows.filter(isRow)) {
      const c = this.host.chats.of(r.name);
      if (r.group) {
        c.group ??= { id: idOf(r.name), title: r.title, announce: false, count: 0, role: "member" };
      } else {
        this.host.people.learn(r.name, r.title);
      }
      c.unread = r.unread;
      c.last ??= { key: restored, author: r.author, own: r.author === this.host.me, text: r.text, time: r.time };
      this.host.chats.touch(c);
    }
    this.host.chats.flush();
  }

  /** Rows have changed: they are kept in a moment. */
  changed(): void {
    if (this.told && this.keepTimer === undefined) {
      this.keepTimer = setTimeout(() => this.keep(), keepAfter);
    }
  }

  /** Keeps the list at once: the page may be gone in a moment. */
  keep(): void {
    clearTimeout(this.keepTimer);
    this.keepTimer = undefined;
    // Without a store nothing is kept, as the banner says: not here either.
    if (!this.told || !this.keeps() || this.host.client.messages.store.state === "off") {
      return;
    }
    const rows: StoredRow[] = [];
    for (const c of this.host.chats.all()) {
      const row = c.row.peek();
      if (row !== undefined && c.last !== undefined && !row.volatile) {
        rows.push({ name: c.name, title: row.title, group: c.isGroup, time: c.last.time, unread: c.unread, text: c.last.text, author: c.last.author });
      }
    }
    const newest = rows.sort((a, b) => b.time - a.time).slice(0, maxRows);
    const now = JSON.stringify(newest);
    if (now !== this.kept) {
      this.kept = now;
      void this.store.setRows(newest).catch(() => undefined);
    }
  }

  /** The session was ended from elsewhere: no texts stay. */
  async forget(): Promise<void> {
    this.told = false;
    await this.store.setRows([]).catch(() => undefined);
  }

  close(): void {
    clearTimeout(this.groupTimer);
    this.keep();
  }
}

function idOf(group: string): number {
  return Number.parseInt(/\?g(\d+)$/.exec(group)?.[1] ?? "0", 10);
}

function isRow(r: StoredRow): boolean {
  return typeof r.name === "string" && typeof r.title === "string" && typeof r.text === "string" && Number.isFinite(r.time) && Number.isFinite(r.unread);
}
