// The client.
import type { Stop, Time } from "./base.ts";
import type { Files } from "./files.ts";
import type { Fault, Line, TraceFrame } from "./line.ts";
import type { Build, Credentials, Login, LoginState, SessionInfo, User } from "./login.ts";
import type { Messages, Store } from "./messages.ts";
import type { People, PersonPresence, Presence } from "./people.ts";
import type { IncomingCall, Receipt, Registration, Signal, Text, Typing } from "./signal.ts";
import type { Sync } from "./sync.ts";

export interface Events {
  line: Line;
  login: LoginState;
  /** Keep these (undefined: forget those kept). */
  credentials: Credentials | undefined;
  user: User;
  sessions: readonly SessionInfo[];
  build: Build;
  registration: Registration;
  store: Store;
  text: Text;
  typing: Typing;
  receipt: Receipt;
  call: IncomingCall;
  /** Everything that was told of a watched person; Presence.watch is the handier way. */
  presence: PersonPresence;
  own: { readonly activity: string; readonly note: string };
  badge: number;
  /** Whether Sync is current. */
  current: boolean;
  trace: TraceFrame;
  fault: Fault;
}

/** What a websocket must be able to do; that of browsers, and `ws`. */
export interface SocketLike {
  onopen: ((e: never) => void) | null;
  onclose: ((e: never) => void) | null;
  onmessage: ((e: never) => void) | null;
  onerror: ((e: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface ClientOptions {
  /** ws(s)://HOST/PBX0/APPCLIENT/websocket; see clientUrl(). */
  readonly url: string;
  /** Shown in the list of sessions. */
  readonly userAgent: string;
  /** URL of the page, for CheckBuild. */
  readonly page?: string;
  /** Where file URLs are fetched from instead of their own host, such as location.origin: pages may talk to their own host only. */
  readonly filesOrigin?: string;
  /** "told" (default): calls with media come as event "call". "none": the switch brings none. */
  readonly media?: "told" | "none";
  readonly socket?: (url: string) => SocketLike;
  readonly fetch?: typeof fetch;
  /** Time and chance, for tests. */
  readonly now?: () => Time;
  readonly random?: () => number;
}

/**
 * A client of the switch on one websocket (A10). It connects when it has something to log
 * in with, keeps the line up, and restores after each reconnect what there was:
 * registration, session, presence, sync.
 */
export interface Client {
  readonly line: Line;
  readonly login: Login;
  readonly signal: Signal;
  readonly messages: Messages;
  readonly sync: Sync;
  readonly presence: Presence;
  readonly people: People;
  readonly files: Files;
  /** Frames that meant nothing, by reason. */
  readonly faults: ReadonlyMap<string, number>;

  on<K extends keyof Events>(event: K, f: (value: Events[K]) => void): Stop;

  /**
   * Signs in with name and password and resolves when logged in; the event "credentials"
   * tells what to keep. `domain` may be left out: then it is that of the host. Rejects with
   * kind "login", or kind "line" where nobody could be asked (it does not try again then).
   */
  signIn(who: { readonly domain?: string; readonly name: string; readonly password: string }): Promise<User>;
  /** Signs in with what was kept. Resolves when logged in, however long the line is down; rejects where the switch refuses. */
  resume(credentials: Credentials): Promise<User>;
  /** Gives up a signIn that runs or waits for its second factor. */
  cancel(): void;
  /** Ends the session for good and forgets the credentials. */
  signOut(): Promise<void>;
  /** Closes the line and keeps the session; resume() goes on. */
  stop(): void;
  /**
   * Tries now instead of at Line.next. A line that seems to be up is asked whether it is:
   * call it when the computer wakes or the page is shown again.
   */
  retryNow(): void;
  /** What the browser says of the network: false waits, true tries at once. */
  setOnline(online: boolean): void;
}
