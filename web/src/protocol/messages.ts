// PbxMessages: the session at the Messages service, and one function for each of its
// messages (internal/messages/service/PROTOCOL.md). Limits are kept by the service; what
// it refuses comes as an error of kind "api".
import { type Frame, id, num, obj, str, text } from "./decode.ts";
import { errorFrame, lineError, messagesError, ProtocolError } from "./errors.ts";
import { groupId } from "./names.ts";
import type { Ask } from "./requests.ts";
import type { Socket } from "./socket.ts";
import type { BroadcastState, ChatEntry, Found, GroupEntry, MarkEntry, MemberEntry, Message, Messages, Page, Store, Time } from "./types.ts";
import { broadcastFrom, chatFrom, fileEntry, foundFrom, groupFrom, markFrom, memberFrom, messageFrom } from "./wiremessage.ts";

const api = "PbxMessages";
/** Searching and broadcasting may take longer than a request should. */
const longLimit = 60_000;
/** The switch wants ten seconds and a bit between two attempts (decision 53). */
const pauseAway = 10_000;
const pauseOff = 30_000;
const jitter = 3_000;

export interface MessagesEvents {
  store(s: Store): void;
  /** A live change: Event of the service. */
  event(frame: Frame): void;
  /** Something else that was not asked for now; false if nobody takes it. */
  other(frame: Frame): boolean;
}

export class MessagesPart implements Messages {
  store: Store = { state: "opening" };
  /** Begins with another session each time: URLs of files end with it. */
  private opened = 0;
  /** Requests that were made before the session was there. */
  private readonly opening: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly own: () => string,
    private readonly options: { readonly random: () => number },
    private readonly events: MessagesEvents,
  ) {}

  // ------------------------------------------------------------ session

  private get src(): string {
    return "m" + this.opened;
  }

  /** The line is up: asks for a session. */
  open(): void {
    clearTimeout(this.timer);
    this.opened++;
    this.become({ state: "opening" });
    this.socket.request({ api, mt: "Session", flags: "IM_EXT" }, { src: this.src }).then(
      () => this.become({ state: "on" }),
      (e: ProtocolError) => {
        if (e.code !== "lost" && e.code !== "down") this.gone(e.message);
      },
    );
  }

  /** There is no session: it is asked for again after a while. */
  private gone(why: string): void {
    const off = why === "no stored chats";
    this.become(off ? { state: "off", why } : { state: "away", why });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), (off ? pauseOff : pauseAway) + this.options.random() * jitter);
  }

  /** The line is down. */
  lost(): void {
    clearTimeout(this.timer);
    this.settleOpening();
    if (this.store.state === "on") this.become({ state: "opening" });
  }

  private settleOpening(): void {
    for (const f of this.opening.splice(0)) f();
  }

  private become(s: Store): void {
    this.store = s;
    if (s.state !== "opening") this.settleOpening();
    this.events.store(s);
  }

  /** Takes a message of PbxMessages that answers no request. */
  take(frame: Frame): void {
    if (frame.mt === "Event") return frame.src === this.src ? this.events.event(frame) : undefined;
    if (frame.mt !== "Error") return this.events.other(frame) ? undefined : this.socket.fault("unknown-message");
    if (frame.src === this.src) this.gone(str(frame["errorText"], 255) || "the session has ended");
  }

  // ------------------------------------------------------------ asking

  /** Asks, and turns what the result says of a failure into an error. */
  async ask(frame: Frame, ask?: Ask): Promise<Frame> {
    const up = (): boolean => this.socket.line.state === "up";
    if (up() && this.store.state === "opening") await new Promise<void>((resolve) => this.opening.push(resolve));
    if (!up()) throw lineError("down", "There is no connection.");
    if (this.store.state !== "on") throw errorFrame(undefined, "no session");
    const result = await this.socket.request({ ...frame, api }, ask);
    const error = result["error"];
    if (error !== undefined && error !== false && error !== 0) throw messagesError(num(error), str(result["errorText"], 1024));
    return result;
  }

  /** Asks for a list: what comes before the result, in its order. What cannot be read is counted and left out. */
  private async list<T>(frame: Frame, read: (f: Frame) => T | undefined, timeout?: number): Promise<{ items: T[]; result: Frame }> {
    const items: T[] = [];
    const each = (f: Frame): void => {
      const item = f.mt === frame.mt + "Ind" ? read(f) : undefined;
      if (item === undefined) this.socket.fault("bad-indication");
      else items.push(item);
    };
    const result = await this.ask(frame, { each, ...(timeout && { timeout }) });
    return { items, result };
  }

  private need<T>(value: T | undefined): T {
    if (value !== undefined) return value;
    this.socket.fault("bad-result");
    throw lineError("malformed", "The answer of the service cannot be read.");
  }

  // ------------------------------------------------------------ chats

  async readChats(filter: { readonly unread?: boolean } = {}): Promise<readonly ChatEntry[]> {
    return (await this.list({ mt: "ReadChats", topic: this.own(), ...(filter.unread && { unread: true }) }, chatFrom)).items;
  }

  async readChat(chat: string, at: Parameters<Messages["readChat"]>[1] = {}): Promise<Page<Message>> {
    const { keep = true, ...where } = at;
    const ask = { mt: "ReadChat", topic: this.own(), sip: chat, ...(keep && { keep }), ...where };
    const { items, result } = await this.list(ask, (f) => messageFrom(f["msg"]));
    return { items, more: result["more"] === true };
  }

  async readAll(chat: string): Promise<void> {
    await this.ask({ mt: "ReadChat", topic: this.own(), sip: chat, noind: true });
  }

  async setRead(id: number): Promise<void> {
    await this.ask({ mt: "SetRead", id });
  }

  async update(id: number, text: string): Promise<void> {
    await this.ask({ mt: "Update", id, text });
  }

  async delete(id: number): Promise<void> {
    await this.ask({ mt: "Delete", id });
  }

  async react(id: number, emoji: string, on: boolean): Promise<void> {
    await this.ask({ mt: "React", id, emoji, ...(on && { on }) });
  }

  async pin(id: number, on: boolean): Promise<void> {
    await this.ask({ mt: "Pin", id, ...(on && { on }) });
  }

  async readPins(chat: string): Promise<readonly Message[]> {
    return (await this.list({ mt: "ReadPins", ...place(chat) }, (f) => messageFrom(f["msg"]))).items;
  }

  async setDraft(chat: string, text: string): Promise<void> {
    await this.ask({ mt: "SetDraft", ...place(chat), ...(text && { text }) });
  }

  async readMarks(id: number): Promise<{ readonly people: readonly MarkEntry[]; readonly delivered: number; readonly read: number }> {
    const { items, result } = await this.list({ mt: "ReadMarks", id }, markFrom);
    return { people: items, delivered: num(result["delivered"]) ?? 0, read: num(result["read"]) ?? 0 };
  }

  async search(text: string, in_: Parameters<Messages["search"]>[1] = {}): Promise<Page<Found> & { readonly behind: boolean }> {
    const { chat, ...where } = in_;
    const ask = { mt: "Search", topic: this.own(), text, ...(chat && { sip: chat }), ...where };
    const { items, result } = await this.list(ask, foundFrom, longLimit);
    return { items, more: result["more"] === true, behind: result["behind"] === true };
  }

  // ------------------------------------------------------------ files

  async createFileBuffer(name: string): Promise<{ readonly id: number; readonly url: string }> {
    const r = await this.ask({ mt: "CreateFileBuffer", name });
    return { id: this.need(id(r["id"])), url: this.need(httpUrl(r["url"])) };
  }

  async deleteFileBuffer(id: number): Promise<void> {
    await this.ask({ mt: "DeleteFileBuffer", id });
  }

  async attachments(id: number): Promise<readonly { readonly id: number; readonly url: string; readonly name: string }[]> {
    const r = await this.ask({ mt: "Attachments", id });
    const files = Array.isArray(r["files"]) ? r["files"] : [];
    return files.flatMap((f) => {
      const o = obj(f);
      return (o && fileEntry(o)) ?? [];
    });
  }

  // ------------------------------------------------------------ groups

  async readGroups(): Promise<readonly GroupEntry[]> {
    return (await this.list({ mt: "ReadGroups" }, groupFrom)).items;
  }

  async createGroup(dn: string): Promise<{ readonly id: number; readonly sip: string }> {
    const r = await this.ask({ mt: "WriteGroup", dn });
    return { id: this.need(id(r["id"])), sip: this.need(text(r["sip"], 255)) };
  }

  async renameGroup(group: string, dn: string): Promise<void> {
    await this.ask({ mt: "WriteGroup", id: groupNumber(group), dn });
  }

  async deleteGroup(group: string): Promise<void> {
    await this.ask({ mt: "WriteGroup", id: groupNumber(group) });
  }

  async setGroup(group: string, to: Parameters<Messages["setGroup"]>[1]): Promise<void> {
    await this.ask({ ...to, mt: "SetGroup", grp: group });
  }

  async readMembers(group: string): Promise<readonly MemberEntry[]> {
    return (await this.list({ mt: "ReadMembers", grp: group }, memberFrom)).items;
  }

  async join(group: string): Promise<void> {
    await this.ask({ mt: "Join", grp: group });
  }

  async leave(group: string): Promise<void> {
    await this.ask({ mt: "Leave", grp: group });
  }

  async invite(group: string, sip: string): Promise<void> {
    await this.ask({ mt: "Invite", grp: group, member: sip });
  }

  async kick(group: string, sip: string): Promise<void> {
    await this.ask({ mt: "Kick", grp: group, member: sip });
  }

  async ban(group: string, sip: string, on: boolean): Promise<void> {
    await this.ask({ mt: "Ban", grp: group, member: sip, ...(on && { on }) });
  }

  async mute(group: string, sip: string, until: Time): Promise<void> {
    await this.ask({ mt: "Mute", grp: group, member: sip, ...(until && { until }) });
  }

  async grant(group: string, sip: string, role: "owner" | "admin" | "member"): Promise<void> {
    await this.ask({ mt: "Grant", grp: group, member: sip, role });
  }

  // ------------------------------------------------------------ broadcast

  async broadcast(key: string, to: Parameters<Messages["broadcast"]>[1], text: string): Promise<BroadcastState> {
    const whom = "group" in to ? { grp: to.group } : { to: to.people };
    return this.need(broadcastFrom(await this.ask({ mt: "Broadcast", key, ...whom, text }, { timeout: longLimit })));
  }

  async readBroadcast(id: number): Promise<BroadcastState> {
    return this.need(broadcastFrom(await this.ask({ mt: "ReadBroadcast", id })));
  }

  /** Sync, for sync.ts: the changes of one page as they came, and the result. */
  async readSync(since: string | undefined, count: number): Promise<{ readonly items: readonly Frame[]; readonly result: Frame }> {
    return this.list({ mt: "Sync", ...(since && { since }), count }, (f) => f);
  }
}

/** Some messages take the partner as `sip` and a group as `grp`. */
function place(chat: string): { readonly sip: string } | { readonly grp: string } {
  return groupId(chat) === undefined ? { sip: chat } : { grp: chat };
}

function groupNumber(group: string): number {
  const n = groupId(group);
  if (n === undefined) throw new ProtocolError("api", "not-found", "That is no group.");
  return n;
}

function httpUrl(v: unknown): string | undefined {
  const url = str(v, 8192);
  return /^https?:\/\//i.test(url) ? url : undefined;
}
