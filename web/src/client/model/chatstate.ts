// What is known of one chat, and the row that the list shows of it.
import { signal, type Signal } from "@preact/signals";
import type { AttachedFile, GroupRole } from "../../protocol/index.ts";
import type { Entry } from "./entry.ts";
import { optional } from "./item.ts";
import type { People } from "./people.ts";
import type { StoredItem } from "./store.ts";
import { plain, shownName } from "./text.ts";
import type { Chat, Delivery, Group, Preview, Role } from "./types.ts";

/** The newest message as the list tells it. */
export interface Last {
  readonly key: string;
  readonly id?: number;
  readonly author: string;
  readonly own: boolean;
  readonly text: string;
  readonly what?: Preview["what"];
  readonly time: number;
  readonly mark?: Entry["mark"];
}

/** How far somebody has got and read, as message numbers. */
export interface Mark {
  readonly delivered: number;
  readonly read: number;
}

/** What the list needs besides the chat. */
export interface RowContext {
  readonly people: People;
  /** Nothing is stored for this person. */
  isVolatile(): boolean;
  muted(chat: string): boolean;
  pinned(chat: string): boolean;
  waiting(chat: string): Iterable<StoredItem>;
}

const maxAbove = 2000;

export class ChatState {
  /** Number of the newest message that is known to exist. */
  lastId = 0;
  /** Up to which one has read oneself; the server knows up to `readAtServer`. */
  readId = 0;
  readAtServer = 0;
  /** Furthest of the others. */
  peerRead = 0;
  peerDelivered = 0;
  unread = 0;
  mentions = 0;
  last: Last | undefined;
  draft = "";
  left = false;
  /** When a group without messages came here; it stands there in the list. */
  since = 0;
  group: { id: number; title: string; announce: boolean; count: number; role: GroupRole } | undefined;
  /** Roles of a group whose members have been read. */
  roster: Map<string, GroupRole> | undefined;
  /** One may not write in it: told with the members. */
  silenced = false;
  /** Of the members of a group, as far as told. */
  readonly marks = new Map<string, Mark>();
  readonly typing = new Map<string, string>();
  /** What has no number: volatile texts, texts in the outbox of the switch, lines of the story. By time. */
  loose: readonly Entry[] = [];
  readonly row: Signal<Chat | undefined> = signal(undefined);

  /** Up to here the numbers of the list count; above it each message that was counted. */
  private counted = 0;
  private readonly above = new Set<number>();

  constructor(readonly name: string) {}

  /** The list tells numbers that cover everything up to this message. */
  countedTo(id: number): void {
    this.counted = Math.max(this.counted, id);
    this.above.clear();
  }

  /** True once for each message, in whatever order and however often it is told. */
  isNew(id: number): boolean {
    if (id <= this.counted || this.above.has(id)) {
      return false;
    }
    this.above.add(id);
    if (this.above.size > maxAbove) {
      const sorted = [...this.above].sort((a, b) => a - b);
      this.counted = sorted[maxAbove >> 1] ?? this.counted;
      sorted.slice(0, (maxAbove >> 1) + 1).forEach((n) => this.above.delete(n));
    }
    return true;
  }

  get isGroup(): boolean {
    return this.group !== undefined || this.name.includes("?");
  }

  /** Something of it is worth a row: a message, a group, or a draft. */
  get listed(): boolean {
    return this.last !== undefined || this.draft !== "" || (this.group !== undefined && !this.left);
  }
}

/** The row of a chat, as it is at this moment. */
export function rowOf(c: ChatState, x: RowContext): Chat {
  const group = groupOf(c);
  const person = c.isGroup ? undefined : x.people.get(c.name);
  const last = previewOf(c, x);
  return {
    name: c.name, title: group?.title ?? person?.dn ?? shownName(c.name, c.name), volatile: x.isVolatile(),
    unread: c.unread, mentions: c.mentions, muted: x.muted(c.name), pinned: x.pinned(c.name),
    typing: [...c.typing.values()], time: Math.max(last?.time ?? 0, c.since),
    ...optional("person", person), ...optional("group", group), ...optional("last", last),
    ...(c.draft === "" ? {} : { draft: c.draft }),
  };
}

function groupOf(c: ChatState): Group | undefined {
  if (!c.isGroup) {
    return undefined;
  }
  const g = c.group;
  const role: Role = g === undefined || g.role === "banned" ? "member" : g.role;
  return {
    id: g?.id ?? 0, title: shownName(g?.title, c.name), announce: g?.announce ?? false, count: g?.count ?? 0, role,
    mayWrite: !c.left && !c.silenced && g?.role !== "banned" && (role !== "member" || g?.announce !== true),
    ...(c.silenced ? { silenced: true } : {}), ...(c.left ? { left: true } : {}),
  };
}

function previewOf(c: ChatState, x: RowContext): Preview | undefined {
  let newest: StoredItem | undefined;
  for (const item of x.waiting(c.name)) {
    newest = item;
  }
  const { last } = c;
  if (newest !== undefined && newest.time >= (last?.time ?? 0)) {
    return {
      sender: "", own: true, text: plain(newest.html, 120), time: newest.time, state: newest.state,
      ...optional("what", whatOf(newest.files)),
    };
  }
  return last && {
    sender: last.author === "" ? "" : x.people.name(last.author), own: last.own, text: last.text, time: last.time,
    ...optional("what", last.what),
    ...(last.own ? { state: deliveryOf(c, last) } : {}),
  };
}

/** How far an own message has come: by its number, or by what was told of it alone. */
export function deliveryOf(c: ChatState, m: { readonly id?: number; readonly mark?: Entry["mark"] }): Delivery {
  if (m.id === undefined) {
    return m.mark ?? "sent";
  }
  return m.id <= c.peerRead || m.mark === "read" ? "read" : m.id <= c.peerDelivered || m.mark === "delivered" ? "delivered" : "sent";
}

/** What the newest message is, where words do not tell it. */
export function lastOf(e: Entry): Last {
  const what = e.deleted ? "deleted" : isVoice(e) ? "voice" : whatOf(e.files);
  return {
    key: e.key, author: e.author, own: e.own, text: plain(e.html, 120), time: e.time,
    ...optional("id", e.id), ...optional("mark", e.mark), ...optional("what", what),
  };
}

/** One file with the bars of a voice. */
export function isVoice(e: Entry): boolean {
  return e.ext.wave !== undefined && e.files.length === 1;
}

export function whatOf(files: readonly (AttachedFile | StoredItem["files"][number])[]): Preview["what"] | undefined {
  const f = files[0];
  if (f === undefined) {
    return undefined;
  }
  const type = (f.type ?? typeByName(f.name)).split("/")[0];
  return type === "image" ? "picture" : type === "audio" ? "voice" : type === "video" ? "video" : "file";
}

const types = new Map([
  ["png", "image/png"], ["jpg", "image/jpeg"], ["jpeg", "image/jpeg"], ["gif", "image/gif"], ["webp", "image/webp"],
  ["ogg", "audio/ogg"], ["oga", "audio/ogg"], ["opus", "audio/ogg"], ["mp3", "audio/mpeg"], ["m4a", "audio/mp4"], ["wav", "audio/wav"],
  ["mp4", "video/mp4"], ["webm", "video/webm"], ["mov", "video/quicktime"], ["pdf", "application/pdf"], ["txt", "text/plain"],
]);

/** The type by the ending of the name, where the server has not told it. */
export function typeByName(name: string): string {
  return types.get(name.slice(name.lastIndexOf(".") + 1).toLowerCase()) ?? "application/octet-stream";
}
