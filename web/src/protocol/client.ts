// The client: one websocket, and the parts that speak on it. It logs in whenever the line
// comes, and lets each part restore what it had.
import type { Frame } from "./decode.ts";
import { Emitter, report } from "./emitter.ts";
import { isProtocolError, lineError, loginError, ProtocolError } from "./errors.ts";
import { FilesPart } from "./files.ts";
import { LoginDoor, Redirected, type Entry, type Secret } from "./login.ts";
import { MessagesPart } from "./messages.ts";
import { PeoplePart } from "./people.ts";
import { PostsPart } from "./posts.ts";
import { PresencePart } from "./presence.ts";
import { SignalPart } from "./signal.ts";
import { Socket } from "./socket.ts";
import { SyncPart } from "./sync.ts";
import type { Client, ClientOptions, Credentials, Events, Line, Login, LoginCode, LoginState, Posts, Stop, User } from "./types.ts";

/** Refusals of a session that may be passing (somebody else guesses passwords from our address): tried so often before it counts. */
const refusals = 3;
const maxRedirects = 3;

/** Somebody who waits for signIn or resume. */
interface Waiting {
  readonly resolve: (user: User) => void;
  readonly reject: (e: ProtocolError) => void;
}

class TandemClient implements Client {
  readonly signal: SignalPart;
  readonly messages: MessagesPart;
  readonly sync: SyncPart;
  readonly posts: PostsPart;
  readonly presence: PresencePart;
  readonly people: PeoplePart;
  readonly files: FilesPart;
  readonly login: Login;

  private readonly events = new Emitter<Events>();
  private readonly socket: Socket;
  private readonly door: LoginDoor;
  private state: LoginState = { state: "out" };
  private secret: Secret | undefined;
  private credentials: Credentials | undefined;
  private waiting: Waiting | undefined;
  /** Guid of who was logged in last. */
  private last: string | undefined;
  private refused = 0;
  private redirects = 0;
  /** The line is given up for another: no reason to give a sign-in up. */
  private moving = false;

  constructor(options: ClientOptions) {
    const { events } = this;
    const now = options.now ?? Date.now;
    this.socket = new Socket(options);
    const emit = <K extends keyof Events>(event: K) => (value: Events[K]): void => events.emit(event, value);
    this.door = new LoginDoor(this.socket, options, {
      code: (code) => this.become({ state: "second-factor", code }),
      user: (user) => this.updated(user),
      sessions: emit("sessions"),
      build: emit("build"),
      ended: (code) => this.ended(code),
      redirect: (url) => this.socket.redirect(url),
    });
    const own = (): string => this.door.user?.sip ?? "";
    this.signal = new SignalPart(this.socket, own, { media: options.media ?? "told", now }, {
      registration: emit("registration"), text: emit("text"), typing: emit("typing"), receipt: emit("receipt"), call: emit("call"),
    });
    this.messages = new MessagesPart(this.socket, own, { random: options.random ?? Math.random }, {
      store: (store) => {
        if (store.state === "on") {
          this.sync.open();
          this.files.open();
          this.posts.open();
        } else {
          this.sync.lost();
          this.files.lost();
          this.posts.lost();
        }
        events.emit("store", store);
      },
      event: (frame) => this.sync.event(frame),
      other: (frame) => this.posts.take(frame),
    });
    this.posts = new PostsPart({ ask: (frame, ask) => this.messages.ask(frame, ask), fault: (reason) => this.socket.fault(reason) });
    this.sync = new SyncPart({
      readSync: (since, count) => this.messages.readSync(since, count),
      fault: (reason) => this.socket.fault(reason),
      arrived: (chat, message) => {
        if (message.author.toLowerCase() !== own().toLowerCase()) this.signal.delivered(chat, { mid: message.id });
      },
    }, emit("current"));
    this.presence = new PresencePart(this.socket, { presence: emit("presence"), own: emit("own"), badge: emit("badge") });
    this.people = new PeoplePart(this.socket);
    this.files = new FilesPart(this.messages, options);
    this.login = loginView(this.door, () => this.state);
    this.socket.on("open", () => void this.enter().catch(report));
    this.socket.on("line", (line) => this.lineChanged(line));
    this.socket.on("frame", ({ frame, raw }) => this.take(frame, raw));
    this.socket.on("fault", emit("fault"));
  }

  get line(): Line {
    return this.socket.line;
  }

  get faults(): ReadonlyMap<string, number> {
    return this.socket.faults;
  }

  on<K extends keyof Events>(event: K, f: (value: Events[K]) => void): Stop {
    // Traces cost something: they are made only while somebody listens.
    if (event === "trace") return this.socket.on("trace", f as (value: Events["trace"]) => void);
    return this.events.on(event, f);
  }

  // ------------------------------------------------------------ signing in and out

  signIn(who: { readonly domain?: string; readonly name: string; readonly password: string }): Promise<User> {
    this.credentials = undefined;
    return this.begin({ type: "user", domain: who.domain ?? "", name: who.name, password: who.password });
  }

  resume(credentials: Credentials): Promise<User> {
    this.credentials = credentials;
    return this.begin({ type: "session", credentials });
  }

  private begin(secret: Secret): Promise<User> {
    this.stop();
    this.secret = secret;
    this.refused = this.redirects = 0;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.become({ state: "busy", resumed: secret.type === "session" });
      this.socket.open();
    });
  }

  /** The websocket is open: logs in with what there is. */
  private async enter(): Promise<void> {
    const secret = this.secret;
    if (!secret) return this.socket.close();
    try {
      const entry = await this.door.enter(secret);
      if (this.secret === secret) this.entered(entry);
    } catch (e) {
      if (this.secret === secret) this.notEntered(e);
    }
  }

  private entered({ user, credentials }: Entry): void {
    if (this.last !== undefined && this.last !== user.guid) this.forgetPerson();
    this.last = user.guid;
    if (credentials) {
      // From now on the session logs in; the password is forgotten.
      this.credentials = credentials;
      this.secret = { type: "session", credentials };
      this.events.emit("credentials", credentials);
    }
    this.refused = this.redirects = 0;
    this.socket.ready();
    this.become({ state: "in", user });
    this.waiting?.resolve(user);
    this.waiting = undefined;
  }

  private notEntered(e: unknown): void {
    if (e instanceof Redirected && ++this.redirects <= maxRedirects) {
      this.secret = e.secret;
      this.moving = true;
      this.socket.abandon("closed");
      this.moving = false;
      return this.socket.retryNow();
    }
    const error = isProtocolError(e) ? e : loginError("temporary");
    const code = error.kind === "login" ? (error.code as LoginCode) : undefined;
    const resumed = this.secret?.type === "session";
    const passing = code === undefined || code === "temporary" || code === "wait" || (code === "credentials" && ++this.refused < refusals);
    if (resumed && passing) return this.socket.abandon("closed"); // and again after a pause
    this.fail(resumed && code === "credentials" ? loginError("expired", error.number) : error);
  }

  /** Nothing to log in with any more, or nobody wants to. */
  private fail(error: ProtocolError): void {
    // A switch that proves nothing may be an impostor: what is kept is good for the real one.
    const kept = this.credentials !== undefined && error.kind === "login" && error.code !== "cancelled" && error.code !== "digest";
    const waiting = this.waiting;
    this.forget();
    this.socket.close();
    if (kept) this.events.emit("credentials", undefined);
    this.become({ state: "out", ...(error.kind === "login" && { error: error.code as LoginCode }) });
    waiting?.reject(error);
  }

  /** The switch has ended the session: signed out elsewhere, password changed, disabled. */
  private ended(code: LoginCode): void {
    if (this.leaving) return this.leaving();
    this.fail(loginError(code));
  }

  private leaving: (() => void) | undefined;

  cancel(): void {
    if (this.state.state !== "busy" && this.state.state !== "second-factor") return;
    this.door.cancel();
    this.fail(loginError("cancelled"));
  }

  async signOut(): Promise<void> {
    if (this.line.state === "up" && this.socket.send({ mt: "Logout" })) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 5_000);
        this.leaving = () => (clearTimeout(timer), resolve());
      });
      this.leaving = undefined;
    }
    this.forget();
    this.socket.close();
    this.events.emit("credentials", undefined);
    this.become({ state: "out" });
  }

  stop(): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    this.secret = undefined;
    this.socket.close();
    waiting?.reject(lineError("aborted", "The client was stopped."));
    if (this.state.state !== "out") this.become({ state: "out" });
  }

  private forget(): void {
    this.secret = this.credentials = this.waiting = undefined;
    this.door.user = undefined;
    this.forgetPerson();
  }

  /** What belongs to somebody who is not there any more. */
  private forgetPerson(): void {
    this.signal.forget();
    this.presence.forget();
    this.people.forget();
  }

  private updated(user: User): void {
    this.events.emit("user", user);
    if (this.state.state === "in") this.become({ state: "in", user });
  }

  private become(state: LoginState): void {
    this.state = state;
    this.events.emit("login", state);
  }

  // ------------------------------------------------------------ the line

  retryNow(): void {
    this.socket.retryNow();
  }

  setOnline(online: boolean): void {
    this.socket.setOnline(online);
  }

  private lineChanged(line: Line): void {
    if (line.state === "up") {
      this.signal.open();
      this.messages.open();
      this.presence.open();
      this.people.open();
    } else if (line.state === "down") {
      this.signal.lost();
      this.messages.lost();
      this.presence.lost();
      this.people.lost();
    }
    this.events.emit("line", line);
    // A sign-in asks once: nobody waits in front of a form for the line to come back.
    if (line.state === "down" && line.reason !== "stopped" && this.secret?.type === "user" && !this.moving) {
      this.fail(line.code === 1008 ? loginError("wait") : lineError("down", "The switch cannot be reached."));
    }
  }

  private take(frame: Frame, raw: string): void {
    switch (frame.api ?? "") {
      case "PbxSignal":
        return this.signal.take(frame);
      case "PbxMessages":
        return this.messages.take(frame);
      case "PbxApi":
        return this.people.take(frame);
      case "":
        if (this.door.take(frame, raw) || this.presence.take(frame)) return;
    }
    this.socket.fault(frame.mt === "Error" ? "error" : "unknown");
  }
}

function loginView(door: LoginDoor, state: () => LoginState): Login {
  return {
    get state() {
      return state();
    },
    get user() {
      return door.user;
    },
    get sessions() {
      return door.sessions;
    },
    get build() {
      return door.build;
    },
    get methods() {
      return door.methods;
    },
    authorize: (id) => door.authorize(id),
    deleteSession: (id) => door.deleteSession(id),
    setSessionInfo: (info) => door.setSessionInfo(info),
  };
}

/** Makes a client. It does nothing until signIn or resume. */
export function createClient(options: ClientOptions): Client & { readonly posts: Posts } {
  return new TandemClient(options);
}
