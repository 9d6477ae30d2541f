// Posts in topics: no chats, but what discussions, notes and boards are made of.
import type { Stop, Time } from "./base.ts";

/** A post, as it is at the moment (`Add` of the service). */
export interface Post {
  readonly id: number;
  /** The discussion: its first post. */
  readonly discussion: number;
  readonly repliesTo?: number;
  readonly author: string;
  readonly authorName?: string;
  readonly topic: string;
  /** HTML. */
  readonly text: string;
  readonly timestamp: Time;
  /** Of the newest post of the discussion. */
  readonly newest?: Time;
  readonly replies: number;
  readonly likes: number;
  readonly liked: boolean;
  /** Up to which post of the discussion one has read, and how many are left; with `more` alone. */
  readonly read?: number;
  readonly unread?: number;
}

/** Which posts; all are combined by `op` ("and" without). Empty: every post that one may read. */
export interface PostFilter {
  readonly op?: "and" | "or";
  readonly topics?: readonly string[];
  readonly tags?: readonly string[];
  readonly authors?: readonly string[];
  readonly notifies?: readonly string[];
  readonly filters?: readonly PostFilter[];
}

/** A list that goes on: newest first to begin with, then live. After a reconnect its posts are told anew. */
export interface PostList {
  /** Resolves when the first posts have been told. */
  readonly ready: Promise<void>;
  /** Tells older ones. */
  more(before: { readonly timestamp: Time; readonly id: number }, count?: number): Promise<void>;
  readonly stop: Stop;
}

export interface Topic {
  readonly id: number;
  /** `<topic>?<name>`. */
  readonly sip: string;
  readonly dn: string;
}

export interface Posts {
  /** `silent`: the list that is not told of it, because it shows it already. */
  post(p: {
    readonly topic: string;
    readonly text: string;
    readonly repliesTo?: number;
    readonly tags?: readonly string[];
    readonly notify?: readonly string[];
    readonly attach?: readonly string[];
    readonly silent?: PostList;
  }): Promise<{ readonly id: number; readonly discussion: number; readonly timestamp: Time }>;
  filter(f: PostFilter, each: (p: Post) => void, how?: { readonly count?: number; readonly liked?: boolean; readonly discussion?: number }): PostList;
  discussion(id: number, each: (p: Post) => void, count?: number): PostList;
  like(id: number, on: boolean): Promise<void>;
  readTopics(): Promise<readonly Topic[]>;
  /** Makes a sub-topic of the own topic, or names it anew. */
  writeTopic(sip: string, dn: string): Promise<number>;
  /** With its posts. */
  deleteTopic(id: number): Promise<void>;
}
