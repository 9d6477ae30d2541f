// A client of FakeServer with the face of protocol/: what the model sees of the world in
// its unit tests. The line goes up and down by hand.
import type {
  Client, Credentials, ErrorKind, Events, Files, Line, Login, LoginCode, Messages, OutgoingText, Page, People, PersonPresence, Presence, Receipt, Registration,
  Sent, SessionInfo, Signal, Stop, Store, Sync, SyncHandler, Text, Typing, Upload, UploadState, UploadToken, User, Message,
} from "../../protocol/index.ts";
import { FakeError } from "./fakeerror.ts";
import type { FakeServer } from "./fakeserver.ts";

type Listener = (v: never) => void;

export class FakeClient implements Client {
  me = "";
  isUp = false;
  readonly faults = new Map<string, number>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private user: User | undefined;
  private lineNow: Line = { state: "connecting", since: 0, attempt: 1, connection: "f" };
  private storeNow: Store = { state: "opening" };
  /** Every text that left this client, also those that were lost. */
  readonly wrote: OutgoingText[] = [];
  readonly typed_: boolean[] = [];
  readonly uploads_: FakeUpload[] = [];
  /** Requests of histories, for tests that count. */
  reads = 0;
  /** Answers of histories wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** Sending waits for this. */
  sendGate: Promise<void> = Promise.resolve();

  constructor(private readonly server: FakeServer) {
    server.clients.add(this);
  }

  // ------------------------------------------------------------ events

  on<K extends keyof Events>(event: K, f: (value: Events[K]) => void): Stop {
    const set = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, set.add(f as Listener));
    return () => void set.delete(f as Listener);
  }

  private emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const f of [...(this.listeners.get(event) ?? [])]) {
      (f as (v: Events[K]) => void)(value);
    }
  }

  hear(t: Text): void {
    this.emit("text", t);
    if (!t.own && t.mid !== undefined) {
      this.server.mark(this.me, this.server.room(this.me, t.chat), t.mid, "delivered");
    } else if (!t.own) {
      this.server.relay(this, t.chat, { state: "delivered", id: t.id, sip: this.me });
    }
  }

  receipt(r: Receipt): void {
    if (this.isUp) {
      this.emit("receipt", r);
    }
  }

  typed(t: Typing): void {
    if (this.isUp) {
      this.emit("typing", t);
    }
  }

  // ------------------------------------------------------------ line

  get line(): Line {
    return this.lineNow;
  }

  down(): void {
    this.isUp = false;
    this.lineNow = { state: "down", since: Date.now(), next: Date.now() + 1000, reason: "lost", connection: "f" };
    this.storeNow = { state: "opening" };
    this.syncEra++;
    this.sync.current = false;
    this.emit("line", this.lineNow);
    this.emit("store", this.storeNow);
  }

  up(): void {
    this.isUp = true;
    this.lineNow = { state: "up", since: Date.now(), connection: "f" };
    this.emit("line", this.lineNow);
    this.emit("registration", this.signal.registration);
    this.storeChanged();
    void this.sync.pump();
  }

  storeChanged(): void {
    this.storeNow = this.server.stores(this.me) ? { state: "on" } : { state: "off", why: "no stored chats" };
    this.emit("store", this.storeNow);
    if (this.storeNow.state === "on") {
      void this.sync.pump();
    } else {
      this.sync.current = false;
    }
  }

  retryNow(): void {
    this.up();
  }
  setOnline(): void {}
  stop(): void {
    this.server.clients.delete(this);
    this.isUp = false;
  }

  // ------------------------------------------------------------ login

  sessions: SessionInfo[] = [];
  get login(): Login {
    return {
      state: this.user === undefined ? { state: "out" } : { state: "in", user: this.user }, user: this.user, sessions: this.sessions, build: undefined,
      authorize: () => undefined, deleteSession: () => undefined, setSessionInfo: () => undefined,
    };
  }

  async signIn(who: { readonly domain?: string; readonly name: string; readonly password: string }): Promise<User> {
    await Promise.resolve();
    if (!this.server.names.has(who.name) || who.password !== "secret") {
      throw new FakeError("login", "credentials");
    }
    const credentials = { id: "s".repeat(32), password: "p".repeat(23), sip: who.name, domain: "example.com" };
    return this.enter(who.name, credentials);
  }

  /** A switch that cannot be reached for the time being. */
  unreachable = false;
  /** How the switch answers a session. */
  refuses: ErrorKind | LoginCode | undefined;

  async resume(c: Credentials): Promise<User> {
    await Promise.resolve();
    if (this.refuses !== undefined) {
      throw new FakeError(this.refuses === "line" ? "line" : "login", this.refuses === "line" ? "aborted" : this.refuses);
    }
    if (this.unreachable) {
      this.me = c.sip;
      this.down();
      return new Promise(() => undefined);
    }
    return this.enter(c.sip, c);
  }

  private enter(sip: string, credentials: Credentials): User {
    this.me = sip;
    this.user = { domain: "example.com", sip, guid: sip, dn: this.server.names.get(sip) ?? "" };
    this.emit("credentials", credentials);
    this.emit("login", { state: "in", user: this.user });
    this.up();
    return this.user;
  }

  cancel(): void {}

  async signOut(): Promise<void> {
    await Promise.resolve();
    this.user = undefined;
    this.down();
    this.emit("credentials", undefined);
    this.emit("login", { state: "out" });
  }

  revoke(): void {
    this.user = undefined;
    this.down();
    this.emit("credentials", undefined);
    this.emit("login", { state: "out", error: "revoked" });
  }

  // ------------------------------------------------------------ signal

  readonly signal: Signal = ((): Signal => {
    const client = this;
    return {
      get registration(): Registration {
        return client.isUp ? { state: "open", ice: { stun: [], turn: [] } } : { state: "none" };
      },
      send: (text) => client.send(text),
      typing: (chat, on) => {
        client.typed_.push(on);
        client.server.typing(client, chat, on);
      },
      delivered: () => undefined,
      read: (chat, text) => client.server.relay(client, chat, { state: "read", sip: client.me, ...text }),
    };
  })();

  private async send(text: OutgoingText): Promise<Sent> {
    this.wrote.push(text);
    if (!this.isUp) {
      throw new FakeError("line", "down");
    }
    await this.sendGate;
    if (!this.isUp) {
      throw new FakeError("line", "lost");
    }
    return this.server.send(this, text.chat, text.id ?? "", text.data, text.ext ?? {}, text.attach ?? []);
  }

  // ------------------------------------------------------------ messages

  private async ask<T>(f: () => T): Promise<T> {
    await Promise.resolve();
    if (!this.isUp) {
      throw new FakeError("line", "down");
    }
    if (this.storeNow.state !== "on") {
      throw new FakeError("api", "no-session");
    }
    return f();
  }

  private async readChat(chat: string, at: Parameters<Messages["readChat"]>[1] = {}): Promise<Page<Message>> {
    this.reads++;
    const page = await this.ask(() => {
      const all = this.server.history(this.me, chat);
      const count = at.count ?? 50;
      if (at.above !== undefined) {
        const rest = all.filter((m) => m.id > (at.above ?? 0));
        return { items: rest.slice(0, count), more: rest.length > count };
      }
      const rest = all.filter((m) => (at.below === undefined || m.id < at.below) && (at.older === undefined || m.timestamp < at.older));
      return { items: rest.slice(-count).reverse(), more: rest.length > count };
    });
    await this.gate;
    return page;
  }

  readonly messages: Messages = ((): Messages => {
    const c = this;
    const none = (): Promise<void> => c.ask(() => undefined);
    return {
      get store(): Store {
        return c.storeNow;
      },
      readChats: () => c.ask(() => c.server.chats(c.me)),
      readChat: (chat, at) => c.readChat(chat, at),
      readAll: none,
      setRead: (id) => c.ask(() => c.server.mark(c.me, c.server.roomOf(id), id, "read")),
      update: (id, text) => c.ask(() => c.server.update(id, text)),
      delete: (id) => c.ask(() => c.server.remove(id, c.me)),
      react: (id, emoji, on) => c.ask(() => c.server.react(id, c.me, emoji, on)),
      pin: (id, on) => c.ask(() => c.server.pin(id, c.me, on)),
      readPins: (chat) => c.ask(() => c.server.history(c.me, chat).filter((m) => m.pinned)),
      setDraft: (chat, text) => c.ask(() => c.server.draft(c, chat, text)),
      readMarks: (id) => c.ask(() => {
        const room = c.server.roomOf(id);
        const people = c.server.people(room).filter((p) => p !== c.me && c.server.marked(p, room, "delivered") >= id).map((sip) => ({
          sip, dn: c.server.names.get(sip) ?? "", delivered: 1, ...(c.server.marked(sip, room, "read") >= id ? { read: 2 } : {}),
        }));
        return { people, delivered: people.length, read: people.filter((p) => "read" in p).length };
      }),
      search: () => c.ask(() => ({ items: [], more: false, behind: false })),
      createFileBuffer: () => c.ask(() => ({ id: 1, url: "http://host/tmp/1/x" })),
      deleteFileBuffer: none,
      attachments: () => c.ask(() => []),
      readGroups: () => c.ask(() => c.server.groupsOf(c.me)),
      createGroup: (dn) => c.ask(() => ({ id: 1, sip: c.server.group(dn, c.me) })),
      renameGroup: none,
      deleteGroup: none,
      setGroup: none,
      readMembers: (group) => c.ask(() => [...c.server.need(group).members].map(([sip, role], id) => ({ id, sip, dn: c.server.names.get(sip) ?? "", role, mute: c.server.muted.get(`${group} ${sip}`) ?? 0 }))),
      join: none,
      leave: (group) => c.ask(() => c.server.member(group, c.me, "member", true)),
      invite: (group, sip) => c.ask(() => c.server.member(group, sip, "member", false)),
      kick: (group, sip) => c.ask(() => c.server.member(group, sip, "member", true)),
      ban: (group, sip, on) => c.ask(() => void (on ? c.server.need(group).members.set(sip, "banned") : c.server.need(group).members.delete(sip))),
      mute: (group, sip, until) => c.ask(() => c.server.mute(group, sip, until)),
      grant: none,
      broadcast: () => Promise.reject(new FakeError("api", "unknown")),
      readBroadcast: () => Promise.reject(new FakeError("api", "unknown")),
    };
  })();

  // ------------------------------------------------------------ sync

  private handler: SyncHandler | undefined;
  private place: number | undefined;
  private syncEra = 0;
  private syncing: Promise<void> = Promise.resolve();

  wake(): void {
    void this.sync.pump();
  }

  readonly sync: Sync & { current: boolean; pump(): Promise<void> } = {
    current: false,
    start: (handler) => {
      this.handler = handler;
      this.place = undefined;
      void this.sync.pump();
    },
    stop: () => {
      this.handler = undefined;
    },
    pump: () => (this.syncing = this.syncing.then(() => this.catchUp()).catch((e: unknown) => {
      if (!(e instanceof FakeError)) {
        throw e; // the handler's own fault
      }
    })),
  };

  private async catchUp(): Promise<void> {
    const { handler, syncEra } = this;
    if (handler === undefined || !this.isUp || this.storeNow.state !== "on") {
      return;
    }
    const changes = this.place === undefined ? undefined : this.server.since(this.me, this.place);
    const token = this.server.token();
    if (changes === undefined) {
      await handler.reset(String(token));
    } else if (changes.length > 0) {
      await handler.changes(changes, String(token));
    }
    if (syncEra === this.syncEra) {
      this.place = token;
      this.sync.current = true;
    }
  }

  // ------------------------------------------------------------ others

  readonly watched = new Map<string, (p: PersonPresence) => void>();
  readonly presence: Presence = {
    own: { activity: "", note: "" },
    badge: undefined,
    setOwn: (activity, note) => this.emit("own", { activity, note }),
    setInactive: () => undefined,
    watch: (sip, f) => {
      this.watched.set(sip, f);
      return () => this.watched.delete(sip);
    },
    get: () => undefined,
  };

  readonly people: People = {
    search: (query) => this.ask(() => ({ people: [...this.server.names].filter(([sip]) => sip.startsWith(query)).map(([sip, dn]) => ({ sip, dn })) })),
    contacts: () => () => undefined,
    addContact: () => Promise.resolve(1),
    deleteContact: () => Promise.resolve(),
  };

  readonly downloads: string[] = [];
  /** Addresses of an earlier session. */
  readonly ended = new Set<string>();
  readonly files: Files = {
    upload: (file, name, resume) => {
      const u = new FakeUpload(file, name, resume);
      this.uploads_.push(u);
      return u;
    },
    download: async (url, how) => {
      this.downloads.push(url);
      const now = this.ended.has(url) ? ((await how?.refresh?.()) ?? url) : url;
      return new Blob([now], { type: "image/png" });
    },
  };
}

/** Moves when the test says so. */
export class FakeUpload implements Upload {
  state: UploadState;
  token: UploadToken | undefined;
  readonly done: Promise<string>;
  private finish_: (url: string) => void = () => undefined;
  private fail_: (e: unknown) => void = () => undefined;
  private readonly states = new Set<(s: UploadState) => void>();
  private readonly tokens = new Set<(t: UploadToken) => void>();

  constructor(
    readonly file: Blob,
    readonly name: string,
    readonly resumed: UploadToken | undefined,
  ) {
    this.token = resumed;
    this.state = { state: "running", done: 0, total: file.size, speed: 0 };
    this.done = new Promise((resolve, reject) => {
      this.finish_ = resolve;
      this.fail_ = reject;
    });
    this.done.catch(() => undefined);
  }

  private become(s: Partial<UploadState>): void {
    this.state = { ...this.state, ...s };
    this.states.forEach((f) => f(this.state));
  }

  begin(): void {
    this.token = { id: 7, url: `http://host/tmp/7/${this.name}`, name: this.name, size: this.file.size };
    this.tokens.forEach((f) => f(this.token as UploadToken));
  }

  progress(done: number): void {
    this.become({ done, speed: 1000 });
  }

  finish(): void {
    this.become({ state: "done", done: this.file.size });
    this.finish_(`http://host/tmp/7/${this.name}`);
  }

  fail(number: number): void {
    this.become({ state: "failed" });
    this.fail_(new FakeError("file", number === 413 ? "too-large" : "failed", number));
  }

  onState(f: (s: UploadState) => void): Stop {
    this.states.add(f);
    return () => this.states.delete(f);
  }
  onToken(f: (t: UploadToken) => void): Stop {
    this.tokens.add(f);
    return () => this.tokens.delete(f);
  }
  pause(): void {
    this.become({ state: "paused" });
  }
  resume(): void {
    this.become({ state: "running" });
  }
  cancel(): void {
    this.become({ state: "cancelled" });
    this.fail_(new FakeError("line", "aborted"));
  }
}
