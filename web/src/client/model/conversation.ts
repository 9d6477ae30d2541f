// One open chat: the window over its history, what has no number yet, and what waits,
// put together as one list for the screen.
import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { ChatState } from "./chatstate.ts";
import type { Entry } from "./entry.ts";
import { Expiry } from "./expiry.ts";
import { History, type NumberedEntry } from "./history.ts";
import type { Host } from "./host.ts";
import type { KeptTalk } from "./kept.ts";
import { merge } from "./merge.ts";
import { loadMarks, readersOf } from "./marks.ts";
import { MemberList } from "./members.ts";
import { Pace } from "./pace.ts";
import { Quotes } from "./quotes.ts";
import { scanAttachments, type Kind } from "./scan.ts";
import type { Attachment, Chat, Conversation, Member, Message, Outgoing, Person, Reader } from "./types.ts";
import { Views } from "./view.ts";
import { actError, ActError } from "./words.ts";

/** Told again while one writes on; the other side forgets it after 10 s. */
const typingEvery = 4000;

export class Talk implements Conversation {
  readonly chat: ReadonlySignal<Chat | undefined>;
  readonly messages: Signal<readonly Message[]> = signal([]);
  readonly atStart = signal(false);
  readonly atEnd = signal(false);
  readonly loading = signal(false);
  readonly kept = signal(false);
  readonly firstUnread: Signal<{ readonly id: number; readonly count: number } | undefined> = signal(undefined);
  readonly pins: Signal<readonly Message[]> = signal([]);
  readonly draft: ReadonlySignal<string>;
  readonly history: History;
  private readonly views: Views;
  private readonly pinViews: Views;
  private readonly quotes: Quotes;
  private readonly memberList: MemberList;
  /** What was unread when the chat was opened. */
  private readonly before: { readonly read: number; readonly unread: number };
  private readonly pace = new Pace(() => this.publish());
  private closed = false;
  private typed = 0;
  private marked = false;
  private readonly expiry: Expiry;
  private opening = false;

  constructor(
    readonly state: ChatState,
    private readonly host: Host,
  ) {
    this.chat = computed(() => state.row.value);
    this.draft = host.drafts.signal(state.name);
    this.before = { read: state.readId, unread: state.unread };
    this.history = new History(state.name, host.client.messages, host.me, () => this.changed());
    this.quotes = new Quotes(state.name, host, (id) => this.history.window.get(id), () => this.changed());
    this.memberList = new MemberList(state, host);
    const context = { ...pick(host), quote: (id: number) => this.quotes.get(id) };
    this.views = new Views(state, context);
    this.pinViews = new Views(state, context);
    this.expiry = new Expiry(host.platform, (now) => this.expire(now));
    host.opened(this);
    host.chats.touch(state);
    host.chats.flush();
    this.publish();
    void this.load();
  }

  /** Loads the first part, or waits for the store; called again when it comes. */
  async load(): Promise<void> {
    const store = this.host.client.messages.store.state;
    if (store === "off") {
      this.history.endless();
      return;
    }
    if (this.host.client.line.state !== "up" && !this.history.loaded && !this.history.kept) {
      void this.host.kept.read(this.state.name).then((entries) => !this.closed && this.history.stand(entries));
    }
    if (store !== "on" || this.history.loaded || this.opening || this.closed) {
      return;
    }
    this.opening = true;
    try {
      await this.history.open(this.before.read, this.before.unread);
      this.loadPins();
      await this.loadMarks();
    } catch {
      // The line: the next "store on" loads it.
    } finally {
      this.opening = false;
    }
  }

  /** The store has lost count of changes, or has come back. */
  async reload(): Promise<void> {
    if (!this.history.loaded) {
      return this.load();
    }
    try {
      await this.history.again();
      this.history.pretended = false;
      this.loadPins();
    } catch {
      // As above.
    }
  }

  /** A licence has come or gone, or the service. */
  storeChanged(): void {
    const { state } = this.host.client.messages.store;
    if (state === "off") {
      this.history.endless();
    } else if (state === "on" && this.history.pretended) {
      void this.reload();
    } else {
      void this.load();
    }
  }

  private markUnread(): void {
    const others = this.history.window.list.filter((e) => !e.own && e.hidden !== true);
    // Opened without a line, nobody knew how far it was read: then the number alone tells.
    const first = this.before.read > 0 ? others.find((e) => e.id > this.before.read) : (others.at(-this.before.unread) ?? others[0]);
    if (this.before.unread > 0 && first !== undefined) {
      this.firstUnread.value = { id: first.id, count: this.before.unread };
    }
  }

  private async loadMarks(): Promise<void> {
    const own = this.state.isGroup ? this.history.window.list.findLast((e) => e.own) : undefined;
    if (own !== undefined && !this.closed) {
      await loadMarks(this.host, this.state, own.id);
      this.changed();
    }
  }

  // ------------------------------------------------------------ what the screen reads

  /** Something of the chat has changed; told once per turn, less often in a flood. */
  changed(): void {
    if (!this.closed) {
      this.pace.soon();
    }
  }

  publish(): void {
    this.pace.done();
    if (this.closed) {
      return;
    }
    const { window, loading } = this.history;
    const list = this.views.all(() =>
      merge(window, this.state.loose, [...this.host.outbox.of(this.state.name)], this.views),
    );
    batch(() => {
      if (!this.marked && this.history.loaded) {
        this.marked = true; // with the first messages: the log opens at this line
        this.markUnread();
      }
      this.messages.value = same(this.messages.peek(), list) ? this.messages.peek() : list;
      this.atStart.value = window.atStart;
      this.atEnd.value = window.atEnd;
      this.kept.value = this.history.kept;
      this.loading.value = loading || (!this.history.loaded && this.host.client.line.state !== "down");
    });
    this.expiry.arm([...window.list, ...this.state.loose]);
    this.host.kept.soon(this.part);
  }

  /** What of it this device is to keep. */
  get part(): KeptTalk {
    const { history, state } = this;
    return {
      chat: state.name, window: history.window,
      get whole() {
        return history.loaded && !history.pretended;
      },
    };
  }

  private expire(now: number): void {
    const over = (e: Entry): boolean => e.expires !== undefined && e.expires <= now;
    this.state.loose = this.state.loose.filter((e) => !over(e));
    const ids = this.history.window.list.filter(over).map((e) => e.id);
    this.history.apply((w) => ids.forEach((id) => w.remove(id)));
    this.changed();
  }

  // ------------------------------------------------------------ moving in the history

  async older(): Promise<void> {
    await this.act(() => this.history.older());
  }

  async newer(): Promise<void> {
    await this.act(() => this.history.newer());
  }

  async newest(): Promise<void> {
    await this.act(() => this.history.newest());
  }

  async jump(to: { id: number } | { time: number }): Promise<string | undefined> {
    return this.act(async () => {
      const e = await this.history.jump(to);
      this.publish();
      return e?.key;
    });
  }

  /** An act of the person: done when it is on the screen, failed with a sentence. */
  private async act<T>(f: () => Promise<T>): Promise<T> {
    try {
      const result = await f();
      this.publish();
      return result;
    } catch (e) {
      throw actError(this.host.words, e);
    }
  }

  // ------------------------------------------------------------ writing

  send(m: Outgoing): void {
    if (m.html === "" && (m.files ?? []).length === 0 && (m.attached ?? []).length === 0) {
      return;
    }
    this.host.outbox.send(this.state.name, m);
    this.host.drafts.clear(this.state.name);
    this.typing(false);
    this.firstUnread.value = undefined;
    this.publish();
    if (!this.history.window.atEnd) {
      void this.newest().catch(() => undefined);
    }
    this.host.outbox.pump();
  }

  retry(key: string): void {
    this.host.outbox.retry(key);
  }

  cancel(key: string, upload?: string): void {
    this.host.outbox.cancel(key, upload);
    this.publish();
  }

  pauseUpload(key: string, upload: string, paused: boolean): void {
    this.host.outbox.pause(key, upload, paused);
  }

  async edit(id: number, html: string): Promise<void> {
    await this.stored(() => this.host.client.messages.update(id, html));
  }

  async remove(id: number): Promise<void> {
    await this.stored(() => this.host.client.messages.delete(id));
  }

  async react(id: number, emoji: string, on: boolean): Promise<void> {
    await this.stored(() => this.host.client.messages.react(id, emoji, on));
  }

  async pin(id: number, on: boolean): Promise<void> {
    await this.stored(() => this.host.client.messages.pin(id, on));
  }

  private stored<T>(f: () => Promise<T>): Promise<T> {
    return this.act(() => {
      if (this.host.client.messages.store.state === "off") {
        throw new ActError("volatile", this.host.words("act.volatile"));
      }
      return f();
    });
  }

  read(id: number): void {
    this.host.read(this.state, id);
  }

  typing(on: boolean): void {
    const now = this.host.platform.now();
    if (on ? now - this.typed < typingEvery : this.typed === 0) {
      return;
    }
    this.typed = on ? now : 0;
    if (this.host.client.line.state === "up") {
      this.host.client.signal.typing(this.state.name, on);
    }
  }

  setDraft(html: string): void {
    this.host.drafts.set(this.state.name, html);
  }

  // ------------------------------------------------------------ about the chat

  readers(id: number): Promise<readonly Reader[]> {
    return this.stored(() => readersOf(this.host, id));
  }

  members(query?: string, cursor?: string): Promise<{ members: readonly Member[]; next?: string }> {
    return this.act(() => this.memberList.page(query ?? "", cursor));
  }

  banned(): Promise<readonly Person[]> {
    return this.act(() => this.memberList.banned());
  }

  attachments(kind: Kind, before?: number): Promise<readonly { message: Message; attachment: Attachment }[]> {
    return this.stored(() => scanAttachments(this.host, this.state, kind, before));
  }

  /** Reads the pins anew; called when one has changed. */
  loadPins(): void {
    if (this.host.client.messages.store.state !== "on" || this.closed) {
      return;
    }
    this.host.client.messages.readPins(this.state.name).then(
      (pins) => {
        const entries = pins.map((m) => this.host.entry(m));
        this.pins.value = this.pinViews.all(() => entries.filter((e) => !e.deleted).map((e) => this.pinViews.entry(e)));
      },
      () => undefined,
    );
  }

  // ------------------------------------------------------------ changes from outside

  /** A message that was just written, or is known better now. */
  live(e: NumberedEntry): void {
    this.history.apply((w) => w.put(e));
  }

  /** A message of the window has changed; what is not in it is not of interest. */
  patch(id: number, f: (e: NumberedEntry) => NumberedEntry | undefined): void {
    this.quotes.forget(id);
    this.history.apply((w) => {
      const old = w.get(id);
      const next = old && f(old);
      if (next !== undefined) {
        w.put(next);
      } else if (old !== undefined) {
        w.remove(id);
      }
    });
  }

  /** Messages that are gone without a line in their place. */
  purge(ids: ReadonlySet<number>): void {
    ids.forEach((id) => this.quotes.forget(id));
    this.history.apply((w) => ids.forEach((id) => w.remove(id)));
    if (this.pins.peek().some((p) => p.id !== undefined && ids.has(p.id))) {
      this.loadPins();
    }
  }

  /** `own`: about oneself. */
  forgetMembers(own: boolean): void {
    if (own) {
      this.memberList.again();
    } else {
      this.memberList.forget();
    }
  }

  close(): void {
    if (this.closed) {
      return;
    }
    this.typing(false);
    this.closed = true;
    this.pace.done();
    this.expiry.stop();
    this.memberList.close();
    this.host.ended(this);
  }
}

function pick(host: Host): Pick<Host, "me" | "people" | "files" | "outbox"> {
  return { me: host.me, people: host.people, files: host.files, outbox: host.outbox };
}

function same(a: readonly Message[], b: readonly Message[]): boolean {
  return a.length === b.length && a.every((m, i) => m === b[i]);
}
