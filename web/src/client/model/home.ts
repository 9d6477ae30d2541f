// The model of one signed-in person: made at the sign-in, closed at the end. It owns what
// the screens read of this person, and writes it into the surface that the model keeps.
import type { Signal } from "@preact/signals";
import { effect } from "@preact/signals";
import type { Change, Client, Message as StoredMessage, Stop, SyncHandler, User } from "../../protocol/index.ts";
import { Changes } from "./changes.ts";
import { Chats, type Totals } from "./chats.ts";
import type { ChatState } from "./chatstate.ts";
import { Talk } from "./conversation.ts";
import { Drafts } from "./drafts.ts";
import { fromSent, fromStored } from "./entry.ts";
import { Files } from "./files.ts";
import type { NumberedEntry } from "./history.ts";
import type { Host } from "./host.ts";
import { Kept } from "./kept.ts";
import { Leader } from "./leader.ts";
import { LineView } from "./lineview.ts";
import { Listing } from "./listing.ts";
import { Notices } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import { People } from "./people.ts";
import type { Platform } from "./platform.ts";
import { LastDrafts, Prefs } from "./prefs.ts";
import { Reads } from "./reads.ts";
import { Self } from "./self.ts";
import type { Store } from "./store.ts";
import { Tabs, type TabMessage } from "./tabs.ts";
import { Talks } from "./talks.ts";
import { shownName } from "./text.ts";
import type { Attachment, Chat, ChatName, Line, Notice, Person } from "./types.ts";
import { actError, type ActError, type Words } from "./words.ts";

/** Signals of the model that belong to whoever is signed in. */
export interface Surface {
  readonly line: Signal<Line>;
  readonly me: Signal<Person | undefined>;
  readonly chats: Signal<readonly Chat[]>;
  readonly unread: Signal<Totals>;
  notice(n: Notice): void;
}

/** Rows whose people's presence is asked for without being seen. */
const interesting = 100;


export class Home implements Host {
  readonly me: string;
  readonly people: People;
  readonly chats: Chats;
  readonly files: Files;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly kept: Kept;
  private readonly lastDrafts: LastDrafts;
  readonly prefs: Prefs;
  private readonly self: Self;
  private readonly lineView: LineView;
  private readonly reads: Reads;
  private readonly changes: Changes;
  private readonly listing: Listing;
  private readonly notices: Notices;
  private readonly leader: Leader;
  private readonly tabs: Tabs;
  private readonly talks = new Talks();
  private readonly stops: Stop[] = [];
  private closed = false;

  constructor(
    readonly client: Client,
    readonly platform: Platform,
    readonly words: Words,
    private readonly store: Store,
    private readonly surface: Surface,
    user: User,
    private readonly leftElsewhere: () => void,
    remembers: () => boolean,
  ) {
    this.me = user.sip;
    const name = personKey(user);
    this.prefs = new Prefs(platform, `tandem.chats.${name}`);
    this.people = new People(client, (sip, named) => this.personChanged(sip, named));
    this.self = new Self(client, user, words, surface.me, (u) => this.people.learn(u.sip, u.dn));
    this.files = new Files(client, (url) => this.outbox.uploads.blobAt(url));
    this.tabs = new Tabs(platform.channel(`tandem/${name}`), (m) => this.heard(m));
    this.leader = new Leader(platform, store, `tandem/${name}`, () => this.leads());
    const tell = (m: TabMessage): void => this.tabs.tell(m);
    this.outbox = new Outbox(store, {
      client, platform, words, tell,
      leading: () => this.leader.leading,
      changed: (chat) => this.itemChanged(chat),
      sent: (item, sent) => this.changes.sent(this.chats.of(item.chat), fromSent(item, this.me, sent)),
      trouble: (text) => this.surface.notice({ kind: "error", code: "store", text }),
    });
    this.lineView = new LineView(client, surface.line, () => this.outbox.waiting);
    this.chats = new Chats(
      {
        people: this.people,
        isVolatile: () => this.lineView.volatile,
        muted: (c) => this.prefs.isMuted(c),
        pinned: (c) => this.prefs.isPinned(c),
        waiting: (c) => this.outbox.of(c),
      },
      surface.chats,
      surface.unread,
    );
    this.lastDrafts = new LastDrafts(platform, `tandem.drafts.${name}`);
    this.drafts = new Drafts({ client, store, tell, now: () => platform.now(), changed: (chat, html) => this.draftChanged(chat, html), last: this.lastDrafts });
    this.kept = new Kept({ store, now: () => platform.now(), keeps: (chat) => remembers() && this.isStored(chat) });
    this.reads = new Reads({
      client, me: this.me,
      touch: (c) => this.chats.touch(c),
      known: (c, above) => this.talks.known(c, above),
      mentioned: (e) => this.changes.mentioned(e),
      decode: (m) => this.entry(m),
    });
    this.notices = new Notices(
      {
        platform, tell,
        leading: () => this.leader.leading,
        presence: () => this.self.presence,
        muted: (c) => this.prefs.isMuted(c),
        open: () => this.talks.names(),
        title: (c) => (c.isGroup ? shownName(c.group?.title, c.name) : this.people.name(c.name)),
        name: (sip) => this.people.name(sip),
      },
      (n) => surface.notice(n),
    );
    this.changes = new Changes({
      host: this, reads: this.reads,
      talks: (chat) => this.talks.of(chat),
      arrived: (c, e) => this.notices.message(c, e, this.changes.mentioned(e)),
      groupsChanged: () => this.listing.groupsSoon(),
      now: () => platform.now(),
    });
    this.listing = new Listing(this, this.reads, store, remembers);
  }

  /** Reads what this browser has kept, and begins to listen. */
  async start(): Promise<void> {
    this.listen();
    await Promise.all([this.outbox.load(), this.drafts.load(), this.kept.load(), this.listing.restore()]);
    if (!this.closed) {
      this.lineView.refresh();
      this.drafts.flush();
      this.client.sync.start(this.syncHandler());
    }
  }

  private listen(): void {
    const { client } = this;
    this.stops.push(
      client.on("line", () => this.lineChanged()),
      client.on("registration", () => this.outbox.pump()),
      client.on("store", () => this.storeChanged()),
      client.on("text", (t) => this.changes.text(t)),
      client.on("receipt", (r) => this.changes.receipts.receipt(r)),
      client.on("typing", (t) => this.typing(t.chat, t.sip, t.name, t.on)),
      effect(() => {
        const seen = this.surface.chats.value.slice(0, interesting);
        this.listing.changed();
        queueMicrotask(() => !this.closed && this.people.interest(seen.flatMap((c) => (c.person === undefined ? [] : [c.name]))));
      }),
    );
    this.lineChanged();
    this.storeChanged();
  }

  private syncHandler(): SyncHandler {
    return {
      changes: (changes: readonly Change[]) => this.take(changes),
      reset: () => this.readAnew(),
    };
  }

  /** A change that trips over a fault of ours must not hold up all later ones: what is shown is read anew instead. */
  private async take(changes: readonly Change[]): Promise<void> {
    let fault: { readonly error: unknown } | undefined;
    for (const c of changes) {
      try {
        this.changes.apply(c);
      } catch (error) {
        fault ??= { error };
      }
    }
    if (fault !== undefined) {
      console.error(fault.error);
      await this.readAnew();
    }
  }

  private async readAnew(): Promise<void> {
    await this.listing.read();
    this.talks.each((t) => void t.reload());
  }

  /** The page may be gone in a moment: what is not yet on this device is kept now. */
  leave(): void {
    this.drafts.leave();
    this.listing.keep();
    this.talks.each((t) => this.kept.now(t.part));
  }

  /** The session was ended from elsewhere: texts of others do not stay. What waits does. */
  async forgetTexts(): Promise<void> {
    await Promise.all([this.listing.forget(), this.kept.forget()]);
  }

  private isStored(chat: ChatName): boolean {
    const row = this.chats.of(chat).row.peek();
    return this.client.messages.store.state !== "off" && row?.volatile === false;
  }

  // ------------------------------------------------------------ line and store

  private lineChanged(): void {
    const up = this.client.line.state === "up";
    this.people.line(up);
    this.leader.want(up);
    if (!up) {
      this.outbox.release();
      for (const c of this.chats.all()) {
        if (c.typing.size > 0) {
          c.typing.clear();
          this.chats.touch(c);
        }
      }
    }
    this.lineView.refresh();
    this.outbox.pump();
  }

  private leads(): void {
    if (this.leader.leading) {
      void this.outbox.load();
    } else {
      this.outbox.release();
    }
  }

  private storeChanged(): void {
    const { state } = this.client.messages.store;
    const before = this.lineView.volatile;
    this.lineView.refresh();
    if (before !== this.lineView.volatile) {
      this.chats.touchAll();
    }
    if (state === "on") {
      this.drafts.flush();
      this.reads.flush(this.chats.all());
    }
    this.talks.each((t) => t.storeChanged());
    this.outbox.pump();
  }

  // ------------------------------------------------------------ people

  private personChanged(sip: string, named: boolean): void {
    const c = this.chats?.get(sip);
    if (c !== undefined) {
      this.chats.touch(c);
    }
    if (named) {
      this.talks.each((t) => t.changed()); // views show names, no presence
    }
  }

  private typing(chat: string, sip: string, name: string, on: boolean): void {
    if (sip === this.me) {
      return;
    }
    this.people.learn(sip, name);
    const c = this.chats.of(chat);
    if (on ? c.typing.get(sip) !== undefined : !c.typing.delete(sip)) {
      return;
    }
    if (on && c.typing.size < 20) {
      c.typing.set(sip, this.people.name(sip));
    }
    this.chats.touch(c);
  }

  // ------------------------------------------------------------ chats

  entry(m: StoredMessage): NumberedEntry {
    this.people.learn(m.author, m.authorName);
    return fromStored(m, this.me) as NumberedEntry;
  }

  open(chat: ChatName): Talk {
    return new Talk(this.chats.of(chat), this);
  }

  opened(t: Talk): void {
    this.talks.add(t);
    this.notices.look();
  }

  ended(t: Talk): void {
    this.kept.now(t.part);
    this.talks.remove(t);
    this.notices.look();
  }

  read(c: ChatState, id: number): void {
    const before = c.readId;
    id = id === 0 ? c.lastId : id;
    if (c.loose.length > 0 || c.unread > 0 || id > before) {
      this.reads.here(c, id);
      if (id >= c.lastId && c.unread > 0) {
        c.unread = c.mentions = 0;
        this.chats.touch(c);
      }
      this.tabs.tell({ t: "read", chat: c.name, id });
    }
  }

  private itemChanged(chat: string): void {
    const c = this.chats.of(chat);
    this.chats.touch(c);
    this.lineView.refresh();
    for (const t of this.talks.of(chat)) {
      t.changed();
    }
  }

  private draftChanged(chat: string, html: string): void {
    const c = this.chats.of(chat);
    if (c.draft !== html) {
      c.draft = html;
      this.chats.touch(c);
    }
  }

  setMuted(chat: ChatName, on: boolean): void {
    this.prefs.setMuted(chat, on);
    this.prefsChanged(chat);
  }

  setPinned(chat: ChatName, on: boolean): void {
    this.prefs.setPinned(chat, on);
    this.prefsChanged(chat);
  }

  private prefsChanged(chat: ChatName): void {
    this.chats.touch(this.chats.of(chat));
    this.chats.flush();
    this.tabs.tell({ t: "prefs" });
  }

  private heard(m: TabMessage): void {
    switch (m.t) {
      case "item":
      case "gone":
      case "progress":
        return void this.outbox.heard(m);
      case "read":
        return this.reads.heard(this.chats.of(m.chat), m.id);
      case "draft":
        return this.drafts.heard(m.chat, m.html, "tab");
      case "prefs":
        this.prefs.read();
        return this.chats.touchAll();
      case "looking":
        return this.notices.heard(m);
      case "left":
        return this.leftElsewhere();
    }
  }

  setPresence(to: "available" | "away" | "dnd", note: string): Promise<void> {
    return this.self.set(to, note);
  }

  async file(a: Attachment, progress?: (done: number, total: number) => void, stop?: AbortSignal): Promise<Blob> {
    try {
      return await this.files.file(a, progress, stop);
    } catch (e) {
      if (stop?.aborted === true) {
        throw e;
      }
      throw actError(this.words, e);
    }
  }

  /** Says that something did not succeed which nobody waits for. */
  notice(e: ActError): void {
    const { connection } = this.client.line;
    this.surface.notice({ kind: "error", code: e.code, text: e.message, ...(connection === undefined ? {} : { connection }) });
  }

  /** Ends it. With `forget` nothing of the person stays in this browser. */
  async close(forget: boolean): Promise<void> {
    if (this.closed) {
      return;
    }
    this.closed = true;
    this.stops.forEach((stop) => stop());
    this.client.sync.stop();
    this.talks.each((t) => t.close());
    this.kept.close();
    this.leader.want(false);
    this.notices.close();
    this.reads.close();
    this.drafts.close();
    this.outbox.close();
    this.listing.close();
    this.files.close();
    this.self.close();
    this.people.close();
    this.chats.close();
    if (forget) {
      this.tabs.tell({ t: "left" });
      this.prefs.forget();
      this.lastDrafts.take();
      await this.store.destroy();
    } else {
      this.store.close();
    }
    this.tabs.close();
    this.surface.chats.value = [];
    this.surface.unread.value = { count: 0, chats: 0, mentions: 0 };
  }
}

/** Names a person's things in this browser. */
export function personKey(u: { readonly sip: string; readonly domain: string }): string {
  return `${encodeURIComponent(u.domain)}/${encodeURIComponent(u.sip)}`;
}
