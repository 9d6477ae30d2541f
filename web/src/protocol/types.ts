// The whole public face of the protocol layer: what comes in, what goes out, and what
// a client can be asked to do. Nothing here knows a screen. Values of these types have
// been validated; what the server sends beyond them is dropped, counted and traced.
//
// Sources: appwebsocket.md (sections in brackets), its amendments A1 to A12,
// signal/PROTOCOL.md and internal/messages/service/PROTOCOL.md of this repository.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** Milliseconds since 1970. */
export type Time = number;

/** Stops listening, watching or trying. Calling it twice does nothing. */
export type Stop = () => void;

// ---------------------------------------------------------------- the line

/** Why a connection is down. */
export type DownReason =
  /** The browser says that there is no network (see Client.setOnline). */
  | "offline"
  /** Nobody answered where the switch should be. */
  | "unreachable"
  /** The connection broke without a word. */
  | "lost"
  /** No frame came for too long, not even the answer to a KeepAlive. */
  | "silent"
  /** The switch shuts down or moves its clients (1001). */
  | "shutdown"
  /** The switch closed it for another reason; `code` and `text` of Line say which. */
  | "closed"
  /** The client closed it: signed out, or stop(). */
  | "stopped";

/** The state of the connection, observable at any time by Client.line and the event "line". */
export type Line =
  | { readonly state: "connecting"; readonly since: Time; readonly attempt: number; readonly connection: string }
  /** Connected and logged in: everything can be asked. */
  | { readonly state: "up"; readonly since: Time; readonly connection: string }
  | {
      readonly state: "down";
      /** Since when there is no line. */
      readonly since: Time;
      /** When the next attempt is made; absent where none will be. */
      readonly next?: Time;
      readonly reason: DownReason;
      /** Close code and reason of the websocket, where there was a close. */
      readonly code?: number;
      readonly text?: string;
      /** Name of the last connection, as it stands in traces. */
      readonly connection?: string;
    };

// ---------------------------------------------------------------- errors

/** What kind of thing has failed. */
export type ErrorKind = "line" | "login" | "api" | "signal" | "file";

/**
 * Every error that this layer rejects with. `code` is stable and for programs, the
 * message is a sentence for people who read logs; `number` is the code of the wire.
 */
export interface ProtocolErrorShape {
  readonly name: "ProtocolError";
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly number?: number;
}

/** Codes of kind "line". After "lost" and "timeout" nobody knows whether the act was done. */
export type LineCode = "down" | "lost" | "timeout" | "too-long" | "busy" | "aborted" | "malformed";

/** Codes of kind "login". */
export type LoginCode =
  /** Wrong name or password. */
  | "credentials"
  /** The session is not known any more: sign in anew. */
  | "expired"
  /** Nobody confirmed the second factor in time, or somebody refused it. */
  | "refused"
  /** signIn was cancelled here. */
  | "cancelled"
  /** The switch could not check it: a fault of its own, try again. */
  | "temporary"
  /** The answer of the switch does not prove that it knows the password: do not trust it. */
  | "digest"
  /** Another session ended this one, or the user was disabled. */
  | "revoked"
  /** Too many attempts; wait. */
  | "wait";

/** Codes of kind "api": PbxMessages, PbxApi and the others. */
export type ApiCode =
  | "parameter" // 1
  | "not-found" // 2
  | "not-allowed" // 3
  | "limit" // 4
  | "fault" // 5: try again later
  | "foreign" // PbxApi 13: it belongs to somebody else
  | "unknown" // the server does not know the message
  | "no-session" // nothing is stored for this user, or the service is away
  | "failed";

// ---------------------------------------------------------------- login

/** Keep them secret and, if the person wants it, across restarts: they sign in again. */
export interface Credentials {
  /** Id of the session, 32 characters. */
  readonly id: string;
  readonly password: string;
  /** For people: who it is. */
  readonly sip: string;
  readonly domain: string;
}

/** The own user (2.8.3). */
export interface User {
  readonly domain: string;
  readonly sip: string;
  readonly guid: string;
  readonly dn: string;
  readonly num?: string;
  readonly email?: string;
}

/** One of the person's logins. */
export interface SessionInfo {
  readonly id: string;
  readonly current: boolean;
  readonly userAgent: string;
  readonly timestamp: Time;
  /** Shown on both sides while the login waits for its second factor. */
  readonly code?: string;
  readonly needsAuthorization: boolean;
}

export type LoginState =
  /** Nobody is logged in. `error` says why, where it was not asked for. */
  | { readonly state: "out"; readonly error?: LoginCode }
  | { readonly state: "busy"; readonly resumed: boolean }
  /** Another session must confirm it; both show the code. */
  | { readonly state: "second-factor"; readonly code: string }
  /** Logged in, at least once: `line` tells whether at this moment. */
  | { readonly state: "in"; readonly user: User };

/** What the switch runs, as CheckBuild tells it. */
export interface Build {
  readonly version?: string;
  readonly build?: string;
  /** The page should be loaded from here instead. Our switch never says so. */
  readonly url?: string;
}

/** The login of a person (2.8), its sessions, and the second factor. */
export interface Login {
  readonly state: LoginState;
  readonly user: User | undefined;
  readonly sessions: readonly SessionInfo[];
  readonly build: Build | undefined;
  /** Confirms the login of another session of the same person. */
  authorize(id: string): void;
  /** Ends another session, or refuses a login that waits. */
  deleteSession(id: string): void;
  /** How this client can be woken. */
  setSessionInfo(info: { readonly token?: string; readonly wake?: readonly ("phone" | "chat")[] }): void;
}

// ---------------------------------------------------------------- signal: texts

/** What is written. The id makes sending it again safe: it is never delivered twice. */
export interface OutgoingText {
  /** Name of a person or group (`messages?g12`). */
  readonly chat: string;
  /** Random, at most 64 characters; made with newId() where absent. */
  readonly id?: string;
  readonly data: string;
  /** Default text/html. Any other than text/html and text/plain: at most 12 KiB, for clients like this one only. */
  readonly mime?: string;
  readonly subject?: string;
  /** URLs of file buffers or of files from the history, not encoded. */
  readonly attach?: readonly string[];
  /** HTML for those who cannot show `mime`. */
  readonly alt?: string;
  /** Further members, kept with the message as Message.ext: `reply` (id of a message), `expires`, `kind`, and the client's own. */
  readonly ext?: Readonly<Record<string, Json>>;
}

/** What `sent` told: the text is stored (with `mid`), lies in the outbox of the switch, or a device has it. */
export interface Sent {
  readonly id: string;
  readonly mid?: number;
  readonly timestamp: Time;
}

/** A text that somebody wrote; also copies of what the own other devices wrote. */
export interface Text {
  readonly chat: string;
  readonly id: string;
  /** Number of the message in the store: Message.id. Absent in volatile chats and while it lies in the outbox. */
  readonly mid?: number;
  readonly timestamp: Time;
  readonly sender: string;
  readonly senderName: string;
  readonly mime: string;
  readonly data: string;
  readonly subject?: string;
  /** URLs, decoded. */
  readonly attach: readonly string[];
  readonly alt?: string;
  readonly ext: Readonly<Record<string, Json>>;
  /** Written by the own person, on another device. */
  readonly own: boolean;
}

export interface Typing {
  readonly chat: string;
  readonly sip: string;
  readonly name: string;
  /** Ends by itself after 10 s: then `on` false is told. */
  readonly on: boolean;
}

/** How far a text has come (A3). A mark covers everything before it. */
export interface Receipt {
  readonly chat: string;
  readonly state: "sent" | "delivered" | "read" | "failed";
  readonly id?: string;
  readonly mid?: number;
  /** Who has got or read it; the own name where another own device has read. */
  readonly sip?: string;
  readonly timestamp: Time;
  /** Why it failed: Q.850. */
  readonly cause?: number;
}

/** The state of the registration at PbxSignal. */
export type Registration =
  | { readonly state: "none" }
  | { readonly state: "registering" }
  /** Texts can be sent: the inbox is open. */
  | { readonly state: "open"; readonly ice: IceServers }
  | { readonly state: "refused"; readonly reason: string };

export interface IceServers {
  readonly stun: readonly string[];
  readonly turn: readonly string[];
  readonly turnUser?: string;
  readonly turnPassword?: string;
}

/** A call that rings here. Nothing is said to the caller unless the owner of the event does: unanswered in 4 s, the leg ends. */
export interface IncomingCall {
  readonly call: number;
  readonly from: { readonly sip?: string; readonly num?: string; readonly name?: string };
  readonly media: boolean;
  /** The setup as it came, for who negotiates media. */
  readonly sig: Readonly<Record<string, Json>>;
  /** Tells that the client is there (the leg then lives as long as it may ring). */
  proceed(): void;
  alert(): void;
  /** Sends any message of the call (conn, channels, facility …); `type` is in it. */
  send(sig: Readonly<Record<string, Json>>): void;
  /** Ends the leg with a cause of Q.850; 21 is "declined". */
  release(cause: number): void;
  onSignal(f: (sig: Readonly<Record<string, Json>>) => void): Stop;
  /** The leg has ended: by the switch, the caller, or the loss of the line (41). */
  onEnd(f: (cause: number) => void): Stop;
}

/** Chats over one inbox leg (A2, A3, A9). */
export interface Signal {
  readonly registration: Registration;
  /**
   * Sends a text and resolves when it is `sent`. Rejects with kind "signal" and the cause
   * as `number` when it failed, with kind "line" when nobody knows: send it again with the
   * same id then. The text leaves at once, or the promise rejects with "down".
   */
  send(text: OutgoingText): Promise<Sent>;
  /** Tells a chat that one writes; says it at most once a second, and `false` when `on` ends. */
  typing(chat: string, on: boolean): void;
  /** Everything up to this text has come to this device. Done by itself for what comes as a text or by Sync. */
  delivered(chat: string, text: { readonly mid?: number; readonly id?: string }): void;
  /** Everything up to this text has been read. */
  read(chat: string, text: { readonly mid?: number; readonly id?: string }): void;
}

// ---------------------------------------------------------------- messages: the store

/** A stored message (`msg` of the service). */
export interface Message {
  readonly id: number;
  readonly author: string;
  readonly authorName?: string;
  readonly authorGuid?: string;
  /** HTML; empty where `mime` and `data` tell all. */
  readonly text: string;
  readonly timestamp: Time;
  readonly attached: readonly AttachedFile[];
  /** The sender's own id: OutgoingText.id. */
  readonly cid?: string;
  readonly kind?: string;
  readonly mime?: string;
  readonly data?: string;
  readonly alt?: string;
  readonly ext: Readonly<Record<string, Json>>;
  readonly reply?: number;
  readonly edited?: Time;
  readonly expires?: Time;
  readonly deleted: boolean;
  readonly pinned: boolean;
  readonly reactions: readonly MessageReaction[];
}

export interface AttachedFile {
  readonly id?: number;
  readonly name: string;
  /** Good for an hour and this session; Messages.attachments gives a new one. */
  readonly url: string;
  readonly size?: number;
  readonly type?: string;
  readonly width?: number;
  readonly height?: number;
  /** Milliseconds. */
  readonly duration?: number;
  /** There is a small picture at thumbUrl(url). */
  readonly thumb: boolean;
}

export interface MessageReaction {
  readonly emoji: string;
  readonly count: number;
  readonly own: boolean;
  /** The first 20. */
  readonly sips: readonly string[];
}

export interface ChatEntry {
  /** Name of the partner or group. */
  readonly sip: string;
  readonly dn: string;
  readonly group: boolean;
  readonly timestamp: Time;
  readonly guid?: string;
  /** The newest message. */
  readonly id?: number;
  readonly author?: string;
  /** Its first 120 characters, plain text. */
  readonly preview: string;
  readonly unread: number;
  /** Up to which message oneself has read. */
  readonly read?: number;
  readonly peerRead?: number;
  readonly peerDelivered?: number;
  readonly draft?: string;
  /** One is no member of the group any more. */
  readonly left: boolean;
}

export type GroupRole = "owner" | "admin" | "member" | "banned";

export interface GroupEntry {
  readonly id: number;
  readonly sip: string;
  readonly dn: string;
  readonly role?: GroupRole;
  readonly announce: boolean;
  readonly open: boolean;
  readonly history?: "joined" | "all";
  readonly marks?: "auto" | "on" | "off";
  readonly members?: number;
}

export interface MemberEntry {
  readonly id: number;
  readonly sip: string;
  readonly guid?: string;
  readonly dn: string;
  readonly role: GroupRole;
  /** Until when the member may not write. */
  readonly mute?: Time;
}

export interface MarkEntry {
  readonly sip: string;
  readonly guid?: string;
  readonly dn: string;
  readonly delivered?: Time;
  readonly read?: Time;
}

export interface Found {
  /** The chat: partner or group. */
  readonly chat: string;
  readonly message: Message;
  readonly excerpt: string;
  /** [start, end) in the excerpt, in characters (code points). */
  readonly highlight: readonly (readonly [number, number])[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

export interface BroadcastState {
  readonly id: number;
  readonly total: number;
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
  readonly unknown: readonly string[];
  readonly failed: readonly string[];
}

export type Store =
  /** A session is being asked for. */
  | { readonly state: "opening" }
  | { readonly state: "on" }
  /** Nothing is stored for this person: no licence or no service. It is asked again now and then. */
  | { readonly state: "off"; readonly why: string }
  /** The service does not answer; asked again in some seconds. */
  | { readonly state: "away"; readonly why: string };

/** PbxMessages: histories, groups, search, files of the person. `chat` is always the name of a person or group. */
export interface Messages {
  readonly store: Store;
  readChats(filter?: { readonly unread?: boolean }): Promise<readonly ChatEntry[]>;
  /**
   * One page: newest first, or with `above` oldest first. Reads nothing as long as `keep`
   * is not false (the wire's default is the contrary).
   */
  readChat(
    chat: string,
    at?: { readonly below?: number; readonly above?: number; readonly older?: Time; readonly count?: number; readonly keep?: boolean },
  ): Promise<Page<Message>>;
  /** The whole chat counts as read. */
  readAll(chat: string): Promise<void>;
  setRead(id: number): Promise<void>;
  update(id: number, text: string): Promise<void>;
  delete(id: number): Promise<void>;
  react(id: number, emoji: string, on: boolean): Promise<void>;
  pin(id: number, on: boolean): Promise<void>;
  readPins(chat: string): Promise<readonly Message[]>;
  setDraft(chat: string, text: string): Promise<void>;
  readMarks(id: number): Promise<{ readonly people: readonly MarkEntry[]; readonly delivered: number; readonly read: number }>;
  search(
    text: string,
    in_?: { readonly chat?: string; readonly older?: number; readonly count?: number },
  ): Promise<Page<Found> & { readonly behind: boolean }>;

  createFileBuffer(name: string): Promise<{ readonly id: number; readonly url: string }>;
  deleteFileBuffer(id: number): Promise<void>;
  /** New URLs of the files of a message. */
  attachments(id: number): Promise<readonly { readonly id: number; readonly url: string; readonly name: string }[]>;

  readGroups(): Promise<readonly GroupEntry[]>;
  createGroup(dn: string): Promise<{ readonly id: number; readonly sip: string }>;
  renameGroup(group: string, dn: string): Promise<void>;
  /** Ends it for everybody. */
  deleteGroup(group: string): Promise<void>;
  setGroup(
    group: string,
    to: { readonly dn?: string; readonly announce?: boolean; readonly open?: boolean; readonly history?: "joined" | "all"; readonly marks?: "auto" | "on" | "off" },
  ): Promise<void>;
  readMembers(group: string): Promise<readonly MemberEntry[]>;
  join(group: string): Promise<void>;
  leave(group: string): Promise<void>;
  invite(group: string, sip: string): Promise<void>;
  kick(group: string, sip: string): Promise<void>;
  ban(group: string, sip: string, on: boolean): Promise<void>;
  /** Until a time; 0 ends it. */
  mute(group: string, sip: string, until: Time): Promise<void>;
  grant(group: string, sip: string, role: "owner" | "admin" | "member"): Promise<void>;

  broadcast(key: string, to: { readonly people: readonly string[] } | { readonly group: string }, text: string): Promise<BroadcastState>;
  readBroadcast(id: number): Promise<BroadcastState>;
}

// ---------------------------------------------------------------- sync

/** One change of what the person sees. `chat` is the partner or group. */
export type Change = { readonly n: number; readonly chat: string; readonly timestamp: Time } & (
  | { readonly kind: "message" | "edit"; readonly message: Message }
  | { readonly kind: "delete"; readonly id: number; readonly user?: string }
  | { readonly kind: "react"; readonly id: number; readonly user: string; readonly emoji: string; readonly on: boolean }
  | { readonly kind: "pin"; readonly id: number; readonly user?: string; readonly on: boolean }
  | { readonly kind: "mark"; readonly id: number; readonly user: string; readonly state: "delivered" | "read" }
  | { readonly kind: "draft"; readonly text: string }
  | { readonly kind: "group"; readonly id: number; readonly dn: string; readonly announce: boolean; readonly gone: boolean }
  | {
      readonly kind: "member";
      /** Of the group. */
      readonly id: number;
      readonly user: string;
      readonly dn: string;
      readonly role: GroupRole;
      readonly gone: boolean;
    }
);

/**
 * Takes what has changed, in order. What is done with `changes` and keeping `token` must
 * be one act (one transaction): with the token of last time the changes after it come,
 * each exactly once. A promise is waited for before the next batch comes; an error that
 * it rejects with stops the sync until it is restarted, so that nothing is passed over.
 *
 * A message comes as it is now: what later changes of the same batch tell of it may be in
 * it already (edits, reactions), so apply those by what they say, not by counting.
 */
export interface SyncHandler {
  changes(changes: readonly Change[], token: string): void | Promise<void>;
  /** Nothing kept is of use any more: forget all of it, keep the token, then read chats and histories anew. */
  reset(token: string): void | Promise<void>;
}

export interface Sync {
  /** Begins (or goes on) behind a token; without one everything there is counts as known only after reset(). */
  start(handler: SyncHandler, token?: string): void;
  stop(): void;
  /** True while everything that was missed has been told and live changes come. */
  readonly current: boolean;
}

// ---------------------------------------------------------------- presence and people

export type PresenceState = "available" | "away" | "busy" | "dnd" | "phone" | "offline";

/** One contact of a presence, as on the wire (2.8.3). */
export interface PresenceContact {
  readonly contact: string;
  readonly open: boolean;
  readonly activity: string;
  readonly note: string;
}

export interface PersonPresence {
  readonly sip: string;
  /** False: there is nobody of that name, or one may not know. */
  readonly known: boolean;
  readonly dn?: string;
  readonly num?: string;
  readonly email?: string;
  readonly state: PresenceState;
  readonly note: string;
  readonly contacts: readonly PresenceContact[];
}

export interface PersonEntry {
  readonly sip: string;
  readonly dn: string;
  readonly guid?: string;
  readonly num?: string;
  readonly email?: string;
}

/** A favourite. */
export interface Contact {
  readonly id: number;
  readonly name?: string;
  readonly sip?: string;
  readonly num?: string;
  readonly dn?: string;
  readonly presence: boolean;
}

export interface Presence {
  /** What the own person shows. */
  readonly own: { readonly activity: string; readonly note: string };
  /** Unread messages, as the switch counts them; undefined until it has told. */
  readonly badge: number | undefined;
  setOwn(activity: "" | "away" | "busy" | "dnd", note: string): void;
  /** Nobody sits at this client. */
  setInactive(inactive: boolean): void;
  /**
   * Tells a person's presence now and on every change, until stopped; survives reconnects.
   * Several watchers of a person share one subscription. More than 500 people: the others
   * wait until somebody stops.
   */
  watch(sip: string, f: (p: PersonPresence) => void): Stop;
  /** The last that was told of a person who is watched. */
  get(sip: string): PersonPresence | undefined;
}

export interface People {
  /** People of the domain whose name, number or address begins so; visible ones only, by display name. */
  search(query: string, at?: { readonly after?: string; readonly count?: number }): Promise<{ readonly people: readonly PersonEntry[]; readonly next?: string }>;
  /** The person's favourites, kept by the switch for all devices. */
  contacts(f: (contacts: readonly Contact[]) => void): Stop;
  addContact(contact: { readonly sip?: string; readonly num?: string; readonly dn: string }): Promise<number>;
  deleteContact(id: number): Promise<void>;
}

// ---------------------------------------------------------------- files

export interface UploadState {
  readonly state: "waiting" | "running" | "paused" | "done" | "failed" | "cancelled";
  /** Bytes that the server has. */
  readonly done: number;
  readonly total: number;
  /** Bytes a second, while running. */
  readonly speed: number;
  readonly error?: ProtocolErrorShape;
}

/** Keep it with the message that waits: with it an upload goes on after a reload. */
export interface UploadToken {
  readonly id: number;
  readonly url: string;
  readonly name: string;
  readonly size: number;
}

export interface Upload {
  readonly state: UploadState;
  /** Known from the first answer on; goes into OutgoingText.attach when done. */
  readonly token: UploadToken | undefined;
  /** Resolves with the URL for OutgoingText.attach; rejects when it failed for good or was cancelled. */
  readonly done: Promise<string>;
  onState(f: (s: UploadState) => void): Stop;
  /** Told when the token is known or another (the server had given the first buffer up). */
  onToken(f: (t: UploadToken) => void): Stop;
  pause(): void;
  resume(): void;
  /** Ends it and removes what the server has. */
  cancel(): void;
}

export interface Files {
  /** Uploads are resumed by themselves after the line was down; at most 3 run at a time, the others wait. */
  upload(file: Blob, name: string, resume?: UploadToken): Upload;
  /**
   * Fetches a file. `refresh` gives a new URL where this one has ended (Messages.attachments);
   * it is asked once.
   */
  download(
    url: string,
    how?: { readonly progress?: (done: number, total: number) => void; readonly signal?: AbortSignal; readonly refresh?: () => Promise<string> },
  ): Promise<Blob>;
}

// ---------------------------------------------------------------- traces

/** One frame, or one event of a connection. Secrets are masked: digests, passwords, what opens files. */
export interface TraceFrame {
  readonly time: Time;
  readonly connection: string;
  readonly kind: "in" | "out" | "open" | "close" | "fault";
  readonly text: string;
}

/** A frame that means nothing here; the connection goes on. */
export interface Fault {
  readonly reason: string;
  readonly count: number;
}

// ---------------------------------------------------------------- the client

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
  /** Tries now instead of at Line.next. */
  retryNow(): void;
  /** What the browser says of the network: false waits, true tries at once. */
  setOnline(online: boolean): void;
}
