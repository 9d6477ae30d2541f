// What a client is asked to do so that it says what a device says in a dialogue.
import type { Obj } from "../decode.ts";
import type { MessagesPart } from "../messages.ts";
import type { Client, Json } from "../types.ts";

const s = (v: unknown): string => String(v ?? "");
const n = (v: unknown): number => Number(v ?? 0);

/** Members of im_message that OutgoingText has by other names, or that come from elsewhere. */
const own = new Set(["type", "chat", "id", "mime", "data", "attach", "subject", "alt"]);

/** The act behind a facility; undefined where no client of ours would say that. */
export function facilityAct(c: Client, f: Obj): (() => unknown) | undefined {
  const chat = s(f["chat"]);
  if (f["type"] === "im_receipt" && chat && (f["state"] === "delivered" || f["state"] === "read")) {
    const mark = { ...(f["mid"] !== undefined && { mid: n(f["mid"]) }), ...(f["id"] !== undefined && { id: s(f["id"]) }) };
    return () => (f["state"] === "read" ? c.signal.read(chat, mark) : c.signal.delivered(chat, mark));
  }
  if (f["type"] !== "im_message" || !chat) return undefined;
  if ("typing" in f && !f["data"]) return () => c.signal.typing(chat, f["typing"] === true);
  if (!f["id"] || f["more"] || f["participants"] || f["sender"] || f["mid"] || typeof f["data"] !== "string") return undefined;
  const ext = Object.fromEntries(Object.entries(f).filter(([k]) => !own.has(k))) as Record<string, Json>;
  const text = { chat, id: s(f["id"]), data: f["data"], mime: s(f["mime"]), subject: s(f["subject"]), alt: s(f["alt"]), ext };
  const attach = s(f["attach"]).split(" ").filter(Boolean).map(decodeURIComponent);
  return () => c.signal.send({ ...text, attach });
}

/** The same for a request of PbxMessages. */
export function requestAct(c: Client, f: Obj): (() => Promise<unknown>) | undefined {
  const m = c.messages as MessagesPart;
  const id = n(f["id"]);
  const grp = s(f["grp"]).includes("?g") ? s(f["grp"]) : `messages?g${s(f["grp"])}`;
  const chat = s(f["sip"]) || s(f["grp"]);
  const where = Object.fromEntries(["count", "older", "below", "above"].filter((k) => k in f).map((k) => [k, n(f[k])]));
  const foreign = f["topic"] !== undefined && f["topic"] !== c.login.user?.sip;
  if (foreign || f["author"] !== undefined) return undefined;
  const on = f["on"] === true;
  const acts: Record<string, () => Promise<unknown>> = {
    ReadChats: () => m.readChats({ unread: f["unread"] === true }),
    ReadChat: () => (f["noind"] ? m.readAll(chat) : m.readChat(chat, { ...where, keep: f["keep"] === true })),
    SetRead: () => m.setRead(id),
    Update: () => m.update(id, s(f["text"])),
    Delete: () => m.delete(id),
    React: () => m.react(id, s(f["emoji"]), on),
    Pin: () => m.pin(id, on),
    ReadPins: () => m.readPins(chat),
    SetDraft: () => m.setDraft(chat, s(f["text"])),
    ReadMarks: () => m.readMarks(id),
    Search: () => m.search(s(f["text"]), { ...(chat && { chat }), ...where }),
    Sync: () => m.readSync(f["since"] === undefined ? undefined : s(f["since"]), n(f["count"]) || 50),
    CreateFileBuffer: () => m.createFileBuffer(s(f["name"])),
    DeleteFileBuffer: () => m.deleteFileBuffer(id),
    Attachments: () => m.attachments(id),
    ReadGroups: () => m.readGroups(),
    WriteGroup: () => (!f["id"] ? m.createGroup(s(f["dn"])) : f["dn"] ? m.renameGroup(`messages?g${id}`, s(f["dn"])) : m.deleteGroup(`messages?g${id}`)),
    SetGroup: () => m.setGroup(grp, Object.fromEntries(["dn", "announce", "open", "history", "marks"].filter((k) => k in f).map((k) => [k, f[k]]))),
    ReadMembers: () => m.readMembers(grp),
    Join: () => m.join(grp),
    Leave: () => m.leave(grp),
    Invite: () => m.invite(grp, s(f["member"])),
    Kick: () => m.kick(grp, s(f["member"])),
    Ban: () => m.ban(grp, s(f["member"]), on),
    Mute: () => m.mute(grp, s(f["member"]), n(f["until"])),
    Grant: () => m.grant(grp, s(f["member"]), f["role"] as "admin"),
    Broadcast: () => m.broadcast(s(f["key"]), f["grp"] ? { group: grp } : { people: f["to"] as string[] }, s(f["text"])),
    ReadBroadcast: () => m.readBroadcast(id),
  };
  return acts[s(f["mt"])];
}
