// The store.
import type { Json, Time } from "./base.ts";

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
