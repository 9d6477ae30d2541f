// im_message and im_receipt, to the wire and from it (3.8, A3, A9).
import { each, type Frame, id, num, obj, type Obj, rest, str, text, word } from "./decode.ts";
import { lineError } from "./errors.ts";
import { sameName } from "./names.ts";
import { jsonSize, split } from "./split.ts";
import type { OutgoingText, Receipt, Text } from "./types.ts";

/** Members of im_message that are not the writer's own. */
const known = new Set([
  "type", "sender", "sender_dn", "subject", "participants", "data", "attach", "time", "typing", "mime", "more", "id", "mid", "timestamp", "chat", "alt",
]);

/** Limits of a text, as the switch has them. */
const maxText = 48 << 10;
const maxOther = 12 << 10;
const maxFrame = 15 << 10;
const maxAttach = 8 << 10;
const maxAttached = 16;
const maxExt = 4 << 10;

const utf8 = new TextEncoder();

export function mimeOf(v: unknown): string {
  return (str(v, 127).split(";")[0] ?? "").trim().toLowerCase() || "text/html";
}

/** The facilities of a text: one, or several parts. `frame` wraps a facility as it is sent, for its size. */
export function encodeText(t: OutgoingText, id: string, frame: (facility: object) => object): object[] {
  const mime = mimeOf(t.mime);
  const head = { type: "im_message", chat: t.chat, id, mime };
  const attach = (t.attach ?? []).map(encodeURIComponent).join(" ");
  const ext = rest(t.ext ?? {}, known);
  const tail = { ...(t.subject && { subject: t.subject }), ...(attach && { attach }), ...(t.alt && { alt: t.alt }), ...ext };
  checkLimits(t, mime, attach, ext);
  const size = (facility: object): number => utf8.encode(JSON.stringify(frame(facility))).length;
  const part = maxFrame - size({ ...head, data: "", more: true });
  const last = maxFrame - size({ ...head, data: "", ...tail });
  const isText = mime === "text/html" || mime === "text/plain";
  const parts = isText ? split(t.data, part, Math.max(last, 0)) : [t.data];
  return parts.map((data, i) => (i < parts.length - 1 ? { ...head, data, more: true } : { ...head, data, ...tail }));
}

function checkLimits(t: OutgoingText, mime: string, attach: string, ext: object): void {
  const limit = mime === "text/html" || mime === "text/plain" ? maxText : maxOther;
  if (jsonSize(t.data) > limit) throw lineError("too-long", `A text has at most ${limit / 1024} KiB.`);
  if ((t.attach?.length ?? 0) > maxAttached || attach.length > maxAttach) throw lineError("too-long", `A text has at most ${maxAttached} files.`);
  if (utf8.encode(JSON.stringify(ext)).length > maxExt) throw lineError("too-long", "There is too much beside the text.");
}

/** A text as it came, joined; undefined where it means nothing. */
export function decodeText(f: Obj, data: string, chat: string, own: string): Text | undefined {
  const sender = str(f["sender"], 255);
  const cid = str(f["id"], 64);
  const attach = decodeAttach(str(f["attach"], maxAttach * 2));
  const mime = mimeOf(f["mime"]);
  if (!sender || !chat || (!data && attach.length === 0)) return undefined;
  const [mid, subject, alt] = [id(f["mid"]), text(f["subject"], 1024), text(f["alt"])];
  return {
    chat, id: cid, ...(mid && { mid }), timestamp: num(f["timestamp"]) ?? (num(f["time"]) ?? 0) * 1000,
    sender, senderName: str(f["sender_dn"], 1024) || sender, mime, data, ...(subject && { subject }), attach, ...(alt && { alt }),
    ext: rest(f, known), own: sameName(sender, own),
  };
}

/** Entries that are no encoded addresses of http are left out. */
function decodeAttach(s: string): readonly string[] {
  return s.split(" ").slice(0, maxAttached).flatMap((entry) => {
    try {
      const url = decodeURIComponent(entry);
      return /^https?:\/\//i.test(url) ? [url] : [];
    } catch {
      return [];
    }
  });
}

export function decodeReceipt(f: Obj, chat: string): Receipt | undefined {
  const state = word(f["state"], ["sent", "delivered", "read", "failed"] as const);
  const [cid, mid, sip, cause] = [text(f["id"], 64), id(f["mid"]), text(f["sip"], 255), num(f["cau"])];
  if (!state || (state !== "failed" && !chat)) return undefined;
  return {
    chat, state, ...(cid && { id: cid }), ...(mid && { mid }), ...(sip && { sip }), timestamp: num(f["timestamp"]) ?? 0,
    ...(cause !== undefined && { cause }),
  };
}

/** `cau` of rel: a number or a text; missing is 16 (decision 34). */
export function causeOf(sig: Obj): number {
  return num(obj(sig["cau"])?.["num"]) ?? 16;
}

/** The facilities of a Signal message. */
export function facilities(sig: Obj): readonly Obj[] {
  return each(sig["fty"], (f) => f, 16);
}

export function signalOf(frame: Frame): { readonly call: number; readonly sig: Obj } | undefined {
  const sig = obj(frame["sig"]);
  const call = frame["call"];
  if (!sig || typeof sig["type"] !== "string" || typeof call !== "number" || !Number.isInteger(call) || call === 0) return undefined;
  return { call, sig };
}
