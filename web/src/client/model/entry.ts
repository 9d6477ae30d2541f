// One message inside the model. Entries are values: a change makes a new one, so that a
// view can be kept for as long as its entry is the same.
import type { AttachedFile, Json, Message as StoredMessage, MessageReaction, Text } from "../../protocol/index.ts";
import { optional } from "./item.ts";
import type { StoredItem } from "./store.ts";
import type { SystemLine } from "./types.ts";

export interface Entry {
  readonly key: string;
  readonly id?: number;
  readonly author: string;
  readonly own: boolean;
  readonly html: string;
  readonly time: number;
  readonly files: readonly AttachedFile[];
  readonly ext: Ext;
  readonly reply?: number;
  readonly edited?: number;
  readonly expires?: number;
  readonly deleted: boolean;
  readonly pinned: boolean;
  readonly reactions: readonly MessageReaction[];
  /** How far an own text without a number has come. */
  readonly mark?: "sent" | "delivered" | "read";
  readonly system?: SystemLine;
  /** For programs: counts in the history, is not shown. */
  readonly hidden?: true;
}

/** What this client puts beside a text. Comes from others: everything is checked. */
export interface Ext {
  readonly mentions: readonly string[];
  readonly forwarded?: string;
  /** 0 to 1. */
  readonly wave?: readonly number[];
  readonly duration?: number;
}

export const noExt: Ext = { mentions: [] };
const maxMentions = 64;
const maxBars = 128;

export function decodeExt(ext: Readonly<Record<string, Json>>): Ext {
  const get = (name: string): Json | undefined => (Object.hasOwn(ext, name) ? ext[name] : undefined);
  const mentions = get("mentions");
  const forwarded = get("forwarded");
  const wave = get("wave");
  const duration = get("duration");
  return {
    mentions: Array.isArray(mentions) ? mentions.slice(0, maxMentions).filter((m): m is string => typeof m === "string" && m.length <= 255) : [],
    ...(typeof forwarded === "string" && forwarded !== "" ? { forwarded: forwarded.slice(0, 256) } : {}),
    ...(Array.isArray(wave) && wave.length > 0 ? { wave: wave.slice(0, maxBars).map(bar) } : {}),
    ...(typeof duration === "number" && duration > 0 && duration < 864e5 ? { duration } : {}),
  };
}

function bar(v: Json | undefined): number {
  return typeof v === "number" && Number.isFinite(v) ? Math.min(100, Math.max(0, v)) / 100 : 0;
}

/** The own id of the sender is a key of the sender only: somebody else may use the same. */
export function keyOf(author: string, cid: string | undefined, id: number | undefined, own: boolean): string {
  return cid === undefined || cid === "" ? `#${id ?? 0}` : own ? cid : `${cid} ${author}`;
}

export function fromStored(m: StoredMessage, me: string): Entry {
  const own = m.author === me;
  return {
    key: keyOf(m.author, m.cid, m.id, own), id: m.id, author: m.author, own, html: m.deleted ? "" : htmlOf(m.text, m.mime, m.data, m.alt), time: m.timestamp,
    files: m.attached, ext: decodeExt(m.ext), deleted: m.deleted, pinned: m.pinned, reactions: m.reactions,
    ...optional("reply", m.reply), ...optional("edited", m.edited), ...optional("expires", m.expires),
    ...(m.kind === "command" ? { hidden: true as const } : {}),
  };
}

/** A live text; where the chat is stored, what the store tells of it takes its place. */
export function fromText(t: Text): Entry {
  const reply = t.ext["reply"];
  const expires = t.ext["expires"];
  return {
    key: keyOf(t.sender, t.id, t.mid, t.own), author: t.sender, own: t.own, html: htmlOf("", t.mime, t.data, t.alt), time: t.timestamp,
    files: t.attach.map(fileOf), ext: decodeExt(t.ext), deleted: false, pinned: false, reactions: [],
    ...optional("id", t.mid),
    ...optional("reply", typeof reply === "number" ? reply : undefined),
    ...optional("expires", typeof expires === "number" ? expires : undefined),
    ...(t.own ? { mark: "sent" as const } : {}),
    ...(t.ext["kind"] === "command" ? { hidden: true as const } : {}),
  };
}

/** An own message that has just been sent, until the store tells it. */
export function fromSent(item: StoredItem, me: string, sent: { readonly mid?: number; readonly time: number }): Entry {
  return {
    key: item.key, author: me, own: true, html: item.html, time: sent.time, deleted: false, pinned: false, reactions: [], mark: "sent",
    files: item.files.map((f) => ({ name: f.name, url: f.url ?? "", size: f.size, type: f.type, thumb: false, ...optional("duration", f.duration) })),
    ext: { mentions: item.mentions ?? [], ...optional("forwarded", item.forwarded), ...optional("wave", item.files.find((f) => f.wave)?.wave) },
    ...optional("id", sent.mid), ...optional("reply", item.reply),
  };
}

function fileOf(url: string): AttachedFile {
  return { url, name: nameIn(url), thumb: false };
}

function nameIn(url: string): string {
  const last = url.split(/[?#]/)[0]?.split("/").pop() ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Text of other types than HTML: plain text is escaped, anything else has its `alt`. */
function htmlOf(html: string, mime: string | undefined, data: string | undefined, alt: string | undefined): string {
  if (html !== "") {
    return html;
  }
  const type = (mime ?? "text/html").split(";")[0]?.trim().toLowerCase();
  if (type === "text/html") {
    return data ?? "";
  }
  return type === "text/plain" ? escapeHTML(data ?? "") : (alt ?? "");
}

export function escapeHTML(s: string): string {
  return s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/\r?\n/g, "<br>");
}

/** A reaction set or taken back. Doing it twice changes nothing, as far as the names are known. */
export function react(e: Entry, user: string, emoji: string, on: boolean, me: string): Entry {
  const old = e.reactions.find((r) => r.emoji === emoji);
  const there = old !== undefined && (old.sips.includes(user) || (user === me && old.own));
  if (there === on) {
    return e;
  }
  if (!on && old !== undefined && old.sips.length < old.count && !old.sips.includes(user) && user !== me) {
    return { ...e, reactions: e.reactions.map((r) => (r === old ? { ...r, count: r.count - 1 } : r)) };
  }
  const sips = on ? [...(old?.sips ?? []), user].slice(0, 20) : (old?.sips ?? []).filter((s) => s !== user);
  const next = { emoji, count: Math.max(0, (old?.count ?? 0) + (on ? 1 : -1)), own: user === me ? on : (old?.own ?? false), sips };
  const rest = e.reactions.flatMap((r) => (r === old ? (next.count > 0 ? [next] : []) : [r]));
  return { ...e, reactions: old === undefined && on ? [...rest, next] : rest };
}

/** What is left of a message that was taken back. */
export function deleted(e: Entry): Entry {
  const { reply: _, edited: _e, ...rest } = e;
  return { ...rest, html: "", files: [], ext: noExt, deleted: true, pinned: false, reactions: [] };
}
