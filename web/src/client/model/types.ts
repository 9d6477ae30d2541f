// What the screens of the client see: signals to read and acts to call. Screens import
// this file and nothing of ../../protocol; the model implements it and knows no screen.
//
// Chats are named as on the wire: the `sip` of a person, or "messages?g12" for a group.
// Names come from people (somebody may be called __proto__): they are keys of a Map,
// never of an object. Texts are plain HTML that the switch has sanitised; screens
// sanitise it once more (ui/html.ts) before they show it.
import type { ReadonlySignal } from "@preact/signals";

export type ChatName = string;
/** Milliseconds since 1970. */
export type Time = number;

export type Presence = "available" | "away" | "dnd" | "phone" | "offline";

export interface Person {
  readonly sip: string;
  readonly dn: string;
  readonly num?: string;
  readonly email?: string;
  readonly presence: Presence;
  readonly note?: string;
}

export type Role = "owner" | "admin" | "member";

export interface Member {
  readonly person: Person;
  readonly role: Role;
  readonly muted: boolean;
  readonly own: boolean;
}

export interface Group {
  readonly id: number;
  readonly title: string;
  readonly announce: boolean;
  readonly count: number;
  /** What one may do oneself. */
  readonly role: Role;
  readonly mayWrite: boolean;
  /** A moderator has taken the word from oneself. */
  readonly silenced?: boolean;
  /** One is no member any more: what there was can be read. */
  readonly left?: boolean;
}

export interface Chat {
  readonly name: ChatName;
  readonly title: string;
  readonly person?: Person;
  readonly group?: Group;
  /** Nothing of it is kept: the domain or one of both has no licence for stored chats. */
  readonly volatile: boolean;
  readonly unread: number;
  readonly mentions: number;
  /** On this device: no sound, no notification, a quiet badge. */
  readonly muted: boolean;
  readonly pinned: boolean;
  readonly last?: Preview;
  readonly draft?: string;
  /** Display names of those who write at this moment. */
  readonly typing: readonly string[];
  readonly time: Time;
}

export interface Preview {
  readonly sender: string;
  readonly own: boolean;
  /** Plain text of one line; empty when only `what` tells. */
  readonly text: string;
  readonly what?: "picture" | "voice" | "video" | "file" | "call" | "missed" | "deleted";
  readonly time: Time;
  readonly state?: Delivery;
}

/** How far an own message has come. `waiting` is on this device only. */
export type Delivery = "waiting" | "sent" | "delivered" | "read" | "failed";

export interface Attachment {
  readonly url: string;
  readonly name: string;
  readonly size?: number;
  readonly type: string;
  readonly width?: number;
  readonly height?: number;
  /** Milliseconds. */
  readonly duration?: number;
  /** Address of a small picture, to be fetched with Model.file like `url`. */
  readonly thumb?: string;
  /** Bars of a voice message, each 0 to 1. */
  readonly wave?: readonly number[];
}

export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  readonly own: boolean;
  /** Display names of the first ones. */
  readonly people: readonly string[];
}

export interface Quote {
  readonly id: number;
  readonly author: string;
  readonly text: string;
}

export interface Message {
  /** Steady key for lists: the sender's own id where there is one. */
  readonly key: string;
  /** Number in the log; absent while waiting and in volatile chats. */
  readonly id?: number;
  readonly author: Person;
  readonly own: boolean;
  readonly html: string;
  readonly time: Time;
  readonly state?: Delivery;
  /** Why it failed, as a sentence. */
  readonly error?: string;
  readonly attached: readonly Attachment[];
  readonly uploads: readonly Upload[];
  readonly quote?: Quote;
  readonly reactions: readonly Reaction[];
  readonly edited?: Time;
  readonly deleted: boolean;
  readonly pinned: boolean;
  readonly forwarded?: string;
  /** One is named in it. */
  readonly mentioned: boolean;
  /** A line of the chat's story (somebody came, the title changed), without author. */
  readonly system?: SystemLine;
  readonly expires?: Time;
  /** How many have read it (groups, own messages). */
  readonly readBy?: number;
}

export interface SystemLine {
  readonly what: "joined" | "left" | "added" | "removed" | "titled" | "created" | "role";
  readonly who: string;
  readonly whom?: string;
  readonly text?: string;
}

export interface Upload {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Bytes that the server has. */
  readonly done: number;
  readonly state: "waiting" | "running" | "paused" | "done" | "failed";
  readonly error?: string;
  /** Bytes a second, while running. */
  readonly speed?: number;
  /** Object URL of a picture, for the time until it is there. */
  readonly preview?: string;
}

/** What the composer hands over. */
export interface Outgoing {
  readonly html: string;
  readonly reply?: number;
  /** sip names. */
  readonly mentions?: readonly string[];
  readonly files?: readonly OutgoingFile[];
  /** Files of messages that one can see: passed on as they are, without another upload. */
  readonly attached?: readonly Attachment[];
  readonly forwarded?: string;
}

export interface OutgoingFile {
  readonly file: Blob;
  readonly name: string;
  readonly duration?: number;
  readonly wave?: readonly number[];
}

export interface Reader {
  readonly person: Person;
  readonly delivered?: Time;
  readonly read?: Time;
}

/** The part of a chat's history that is in memory, newest last, without gaps. */
export interface Conversation {
  readonly chat: ReadonlySignal<Chat | undefined>;
  readonly messages: ReadonlySignal<readonly Message[]>;
  /** True when nothing older (newer) exists. */
  readonly atStart: ReadonlySignal<boolean>;
  readonly atEnd: ReadonlySignal<boolean>;
  readonly loading: ReadonlySignal<boolean>;
  /** `messages` are those that this device has kept: there has been no line to ask the server since. */
  readonly kept: ReadonlySignal<boolean>;
  /** The first unread message when the chat was opened; the line "new" stands before it. */
  readonly firstUnread: ReadonlySignal<{ readonly id: number; readonly count: number } | undefined>;
  readonly pins: ReadonlySignal<readonly Message[]>;
  readonly draft: ReadonlySignal<string>;
  /** Each loads one page and resolves when it is in `messages`. */
  older(): Promise<void>;
  newer(): Promise<void>;
  /** Loads the part around a message (or the first one at or after a time); resolves with its key. */
  jump(to: { id: number } | { time: Time }): Promise<string | undefined>;
  /** Back to the newest part. */
  newest(): Promise<void>;
  /** Accepts at once: the message appears as waiting, survives a reload, and is sent when there is a line. */
  send(m: Outgoing): void;
  retry(key: string): void;
  /** Of a waiting or failed message, or of one file of it. */
  cancel(key: string, upload?: string): void;
  pauseUpload(key: string, upload: string, paused: boolean): void;
  edit(id: number, html: string, mentions?: readonly string[]): Promise<void>;
  remove(id: number): Promise<void>;
  react(id: number, emoji: string, on: boolean): Promise<void>;
  pin(id: number, on: boolean): Promise<void>;
  /** One looks at the newest part: everything up to `id` is read. 0: all of it, for volatile chats, whose messages have no id. */
  read(id: number): void;
  typing(on: boolean): void;
  setDraft(html: string): void;
  readers(id: number): Promise<readonly Reader[]>;
  /** Members of a group, by part of the name; all of them page by page. */
  members(query?: string, cursor?: string): Promise<{ members: readonly Member[]; next?: string }>;
  /** Who was banned from a group; empty for those who may not lift it. */
  banned(): Promise<readonly Person[]>;
  attachments(kind: "media" | "file" | "voice", before?: number): Promise<readonly { message: Message; attachment: Attachment }[]>;
  close(): void;
}

export interface Groups {
  create(title: string, people: readonly string[], announce: boolean): Promise<ChatName>;
  change(chat: ChatName, to: { title?: string; announce?: boolean }): Promise<void>;
  invite(chat: ChatName, people: readonly string[]): Promise<void>;
  kick(chat: ChatName, sip: string): Promise<void>;
  ban(chat: ChatName, sip: string): Promise<void>;
  /** Lifts a ban: the person may come or be invited again. */
  unban(chat: ChatName, sip: string): Promise<void>;
  mute(chat: ChatName, sip: string, on: boolean): Promise<void>;
  grant(chat: ChatName, sip: string, role: Role): Promise<void>;
  leave(chat: ChatName): Promise<void>;
  end(chat: ChatName): Promise<void>;
}

export interface Hit {
  readonly chat: ChatName;
  readonly title: string;
  readonly id: number;
  readonly author: string;
  /** Plain text; `marks` are [start, end) of what matches. */
  readonly text: string;
  readonly marks: readonly (readonly [number, number])[];
  readonly time: Time;
}

export interface DeviceSession {
  readonly id: string;
  readonly current: boolean;
  readonly userAgent: string;
  readonly time: Time;
  /** Waits for the second factor: the code that both sides show. */
  readonly code?: string;
}

/** The truth about the line. */
export interface Line {
  readonly state: "up" | "connecting" | "down";
  /** Since when it is down. */
  readonly since?: Time;
  /** When the next attempt is. */
  readonly next?: Time;
  /** How many messages wait here. */
  readonly waiting: number;
  /** Of the Messages service: "off" is without licence, "away" passes by itself. */
  readonly store: "on" | "off" | "away";
  readonly why?: string;
  /** For reports. */
  readonly connection?: string;
}

export type SignIn =
  | { readonly step: "out"; readonly error?: SignInError; readonly domain?: string; readonly name?: string }
  | { readonly step: "busy"; readonly resumed: boolean }
  /** Another session of the person must allow this one; both show the code. */
  | { readonly step: "second-factor"; readonly code: string }
  | { readonly step: "in" };

export interface SignInError {
  readonly code: "credentials" | "expired" | "refused" | "unreachable" | "wait" | "revoked";
  /** Seconds, where the switch tells them. It does not now: nobody learns how its guard counts. */
  readonly wait?: number;
}

export interface Branding {
  readonly name: string;
  readonly logo?: string;
  readonly accent?: string;
}

export type Notice =
  | { readonly kind: "message"; readonly chat: ChatName; readonly title: string; readonly author: string; readonly text: string; readonly mention: boolean }
  | { readonly kind: "error"; readonly code: string; readonly text: string; readonly connection?: string };

export interface TraceLine {
  readonly time: Time;
  readonly flag: "App" | "Browser Console";
  readonly out?: boolean;
  readonly text: string;
}

export interface Model {
  readonly signIn: ReadonlySignal<SignIn>;
  readonly branding: ReadonlySignal<Branding>;
  readonly line: ReadonlySignal<Line>;
  readonly me: ReadonlySignal<Person | undefined>;
  /** Pinned first, then the newest. */
  readonly chats: ReadonlySignal<readonly Chat[]>;
  readonly unread: ReadonlySignal<{ readonly count: number; readonly chats: number; readonly mentions: number }>;
  readonly sessions: ReadonlySignal<readonly DeviceSession[]>;
  readonly groups: Groups;

  enter(domain: string, name: string, password: string, remember: boolean): Promise<void>;
  cancelEnter(): void;
  /** Ends the session. Everything kept in this browser is removed, also what waits (Line.waiting): ask before. */
  leave(): Promise<void>;
  /** Ends (allows) another session. */
  revoke(id: string): void;
  authorize(id: string): void;

  open(chat: ChatName): Conversation;
  person(sip: string): ReadonlySignal<Person>;
  /** People of the domain whose name, number or address matches. */
  people(query: string, cursor?: string): Promise<{ people: readonly Person[]; next?: string }>;
  search(query: string, in_?: { chat?: ChatName; before?: number }): Promise<{ hits: readonly Hit[]; more: boolean }>;
  setMuted(chat: ChatName, on: boolean): void;
  setPinned(chat: ChatName, on: boolean): void;
  setPresence(to: "available" | "away" | "dnd", note: string): Promise<void>;
  retryLine(): void;
  /** Fetches a file with the rights of this session, for pictures, players and downloads. */
  file(a: Attachment, progress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<Blob>;

  /** Something happened that the person should learn of. Returns how to stop listening. */
  onNotice(f: (n: Notice) => void): () => void;

  /** Trace flags of this client. */
  readonly traceFlags: ReadonlySignal<{ readonly app: boolean; readonly console: boolean }>;
  setTraceFlag(flag: "app" | "console", on: boolean): void;
  /** Shows texts and names in new lines instead of their length, until the page is closed. */
  setTraceTexts?(on: boolean): void;
  trace(): readonly TraceLine[];
}
