// What the Messages service says, read from the wire (internal/messages/service/PROTOCOL.md).
import { bool, each, id, json, num, obj, type Obj, str, text, texts, time, word } from "./decode.ts";
import type {
  AttachedFile, BroadcastState, Change, ChatEntry, Found, GroupEntry, GroupRole, MarkEntry, MemberEntry, Message, MessageReaction,
} from "./types.ts";

const name = (v: unknown): string => str(v, 255);
const shown = (v: unknown): string => str(v, 1024);
const roles = ["owner", "admin", "member", "banned"] as const;

/** Takes only members that are there, for types whose absent members are absent. */
function some<T extends object>(o: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Partial<T>;
}

export function messageFrom(v: unknown): Message | undefined {
  const o = obj(v);
  const n = o && id(o["id"]);
  const author = name(o?.["author"]);
  if (!o || n === undefined || !author) return undefined;
  return {
    id: n, author, text: str(o["text"]), timestamp: num(o["timestamp"]) ?? 0, attached: each(o["attached"], fileFrom, 64), ext: json(o["ext"]),
    deleted: bool(o["deleted"]), pinned: bool(o["pinned"]), reactions: each(o["reactions"], reactionFrom, 1000),
    ...some<Pick<Message, "authorName" | "authorGuid" | "cid" | "kind" | "mime" | "data" | "alt" | "reply" | "edited" | "expires">>({
      authorName: text(o["dn"], 1024), authorGuid: text(o["guid"], 64), cid: text(o["cid"], 64), kind: text(o["kind"], 64),
      mime: text(o["mime"], 127), data: text(o["data"]), alt: text(o["alt"]), reply: id(o["reply"]), edited: time(o["edited"]), expires: time(o["expires"]),
    }),
  };
}

function fileFrom(o: Obj): AttachedFile | undefined {
  const url = str(o["url"], 8192);
  if (!/^https?:\/\//i.test(url)) return undefined;
  return {
    name: shown(o["name"]), url, thumb: bool(o["thumb"]),
    ...some<Pick<AttachedFile, "id" | "size" | "type" | "width" | "height" | "duration">>({
      id: id(o["id"]), size: num(o["size"]), type: text(o["type"], 127), width: id(o["width"]), height: id(o["height"]), duration: id(o["duration"]),
    }),
  };
}

function reactionFrom(o: Obj): MessageReaction | undefined {
  const emoji = str(o["emoji"], 64);
  return emoji ? { emoji, count: num(o["count"]) ?? 0, own: bool(o["own"]), sips: texts(o["sips"], 64) } : undefined;
}

export function chatFrom(o: Obj): ChatEntry | undefined {
  const sip = name(o["sip"]);
  if (!sip) return undefined;
  return {
    sip, dn: shown(o["dn"]) || sip, group: bool(o["grp"]), timestamp: num(o["timestamp"]) ?? 0, preview: shown(o["preview"]),
    unread: num(o["total"]) ?? num(o["unread"]) ?? 0, left: bool(o["left"]),
    ...some<Pick<ChatEntry, "guid" | "id" | "author" | "read" | "peerRead" | "peerDelivered" | "draft">>({
      guid: text(o["guid"], 64), id: id(o["id"]), author: text(o["author"], 255), read: id(o["read"]), peerRead: id(o["peerRead"]),
      peerDelivered: id(o["peerDelivered"]), draft: text(o["draft"]),
    }),
  };
}

export function groupFrom(o: Obj): GroupEntry | undefined {
  const [n, sip] = [id(o["id"]), name(o["sip"])];
  if (n === undefined || !sip) return undefined;
  return {
    id: n, sip, dn: shown(o["dn"]) || sip, announce: bool(o["announce"]), open: bool(o["open"]),
    ...some<Pick<GroupEntry, "role" | "history" | "marks" | "members">>({
      role: word<GroupRole>(o["role"], roles), history: word(o["history"], ["joined", "all"]), marks: word(o["marks"], ["auto", "on", "off"]),
      members: num(o["members"]),
    }),
  };
}

export function memberFrom(o: Obj): MemberEntry | undefined {
  const [n, sip] = [id(o["id"]), name(o["member"])];
  if (n === undefined || !sip) return undefined;
  const role = word<GroupRole>(o["role"], roles) ?? (bool(o["admin"]) ? "admin" : "member");
  return { id: n, sip, dn: shown(o["dn"]) || sip, role, ...some<Pick<MemberEntry, "guid" | "mute">>({ guid: text(o["guid"], 64), mute: time(o["mute"]) }) };
}

export function markFrom(o: Obj): MarkEntry | undefined {
  const sip = name(o["sip"]);
  if (!sip) return undefined;
  return {
    sip, dn: shown(o["dn"]) || sip,
    ...some<Pick<MarkEntry, "guid" | "delivered" | "read">>({ guid: text(o["guid"], 64), delivered: time(o["delivered"]), read: time(o["read"]) }),
  };
}

export function foundFrom(o: Obj): Found | undefined {
  const message = messageFrom(o["msg"]);
  const chat = name(o["sip"]) || name(o["grp"]);
  if (!message || !chat) return undefined;
  const highlight = each(o["highlight"], (h) => {
    const [from, to] = [num(h["from"]), num(h["to"])];
    return from !== undefined && to !== undefined && from < to ? ([from, to] as const) : undefined;
  }, 1000);
  return { chat, message, excerpt: str(o["excerpt"]), highlight };
}

export function fileEntry(o: Obj): { readonly id: number; readonly url: string; readonly name: string } | undefined {
  const f = fileFrom(o);
  return f?.id === undefined ? undefined : { id: f.id, url: f.url, name: f.name };
}

export function broadcastFrom(o: Obj): BroadcastState | undefined {
  const n = id(o["id"]);
  const c = obj(o["counts"]);
  if (n === undefined || !c) return undefined;
  const count = (what: string): number => num(c[what]) ?? 0;
  return {
    id: n, total: count("total"), sent: count("sent"), delivered: count("delivered"), read: count("read"),
    unknown: texts(o["unknown"]), failed: texts(o["failed"]),
  };
}

/** Numbers of messages; the service tells at most 500 in one change, more are not believed. */
function numbers(v: unknown): readonly number[] {
  return Array.isArray(v) ? v.slice(0, 500).flatMap((x) => id(x) ?? []) : [];
}

/** A change of SyncInd or Event. Undefined: of a kind that a chat client does not show (post, like), or none at all. */
export function changeFrom(o: Obj): Change | undefined {
  const chat = name(o["sip"]) || name(o["grp"]);
  const base = { n: num(o["n"]) ?? 0, chat, timestamp: num(o["timestamp"]) ?? 0 };
  const n = id(o["id"]);
  const user = name(o["user"]);
  const by = user ? { user } : {};
  if (!chat) return undefined;
  switch (o["kind"]) {
    case "message":
    case "edit": {
      const message = messageFrom(o["msg"]);
      return message && { ...base, timestamp: base.timestamp || message.timestamp, kind: o["kind"], message };
    }
    case "delete":
      return n === undefined ? undefined : { ...base, kind: "delete", id: n, ...by };
    case "purge":
      return { ...base, kind: "purge", ids: numbers(o["ids"]) };
    case "react": {
      const emoji = str(o["emoji"], 64);
      return n === undefined || !user || !emoji ? undefined : { ...base, kind: "react", id: n, user, emoji, on: bool(o["on"]) };
    }
    case "pin":
      return n === undefined ? undefined : { ...base, kind: "pin", id: n, on: bool(o["on"]), ...by };
    case "mark": {
      const state = word(o["state"], ["delivered", "read"] as const);
      return n === undefined || !user || !state ? undefined : { ...base, kind: "mark", id: n, user, state };
    }
    case "draft":
      return { ...base, kind: "draft", text: str(o["text"]) };
    case "group":
      return n === undefined ? undefined : { ...base, kind: "group", id: n, dn: shown(o["dn"]), announce: bool(o["announce"]), gone: bool(o["gone"]) };
    case "member": {
      const role = word<GroupRole>(o["role"], roles) ?? "member";
      return n === undefined || !user ? undefined : { ...base, kind: "member", id: n, user, dn: shown(o["dn"]) || user, role, gone: bool(o["gone"]) };
    }
  }
  return undefined;
}
