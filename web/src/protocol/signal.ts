// PbxSignal: the registration with its inbox, and the chats on it (A2, A3;
// signal/PROTOCOL.md). Calls with media are passed on to whoever wants them.
import { Calls } from "./calls.ts";
import { bool, type Frame, type Obj, obj, str, text } from "./decode.ts";
import { causeError, lineError, type ProtocolError } from "./errors.ts";
import { Marks } from "./marks.ts";
import { newId } from "./names.ts";
import { Parts } from "./parts.ts";
import type { Socket } from "./socket.ts";
import { TypingIn, TypingOut } from "./typing.ts";
import type { IceServers, IncomingCall, OutgoingText, Receipt, Registration, Sent, Signal, Text, Time, Typing } from "./types.ts";
import { decodeReceipt, decodeText, encodeText, facilities, signalOf } from "./wiretext.ts";

export interface SignalEvents {
  registration(r: Registration): void;
  text(t: Text): void;
  typing(t: Typing): void;
  receipt(r: Receipt): void;
  call(c: IncomingCall): void;
}

const api = "PbxSignal";
/** Names the registration on its connection; of each connection there is one. */
const src = "s";
/** For a receipt of a text; the switch gives up before (A4: 5 s, then its outbox). */
const receiptLimit = 30_000;
/** For the inbox after RegisterResult. */
const inboxLimit = 10_000;
const firstPause = 1_000;
const lastPause = 30_000;
const maxLegs = 256;
const maxEarly = 100;

interface Waiting {
  readonly promise: Promise<Sent>;
  readonly settle: (sent: Sent | undefined, e?: ProtocolError) => void;
}

export class SignalPart implements Signal {
  registration: Registration = { state: "none" };

  private ice: IceServers = { stun: [], turn: [] };
  private readonly calls: Calls;
  private readonly parts: Parts;
  private readonly typingIn: TypingIn;
  private readonly typingOut: TypingOut;
  private readonly marks: Marks;
  private readonly waiting = new Map<string, Waiting>();
  /** Texts that were sent before the inbox was there. */
  private readonly opening: ((open: boolean) => void)[] = [];
  /** Number of the inbox leg. */
  private inbox: number | undefined;
  /** Chats that came as calls of their own: only while there is no inbox. */
  private readonly legs = new Map<number, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pause = firstPause;

  constructor(
    private readonly socket: Socket,
    private readonly own: () => string,
    private readonly options: { readonly media: "told" | "none"; readonly now: () => Time },
    private readonly events: SignalEvents,
  ) {
    this.calls = new Calls((call, sig) => void this.say(call, sig));
    this.parts = new Parts(options.now, (reason) => socket.fault(reason));
    this.typingIn = new TypingIn((t) => events.typing(t));
    this.typingOut = new TypingOut(options.now, (chat, on) => void this.onInbox({ type: "im_message", chat, typing: on }));
    this.marks = new Marks((chat, state, mark) => this.onInbox({ type: "im_receipt", chat, ...mark, state }));
  }

  // ------------------------------------------------------------ registration

  /** The line is up: registers. */
  open(): void {
    clearTimeout(this.timer);
    this.become({ state: "registering" });
    const flags = ["IM_EXT", "IM_INBOX", ...(this.options.media === "none" ? ["NO_MEDIA_CALL"] : [])].join("|");
    this.socket.request({ api, mt: "Register", flags }, { src }).then(
      (frame) => this.registered(frame),
      (e: ProtocolError) => this.refused(e.message, e.kind !== "line"),
    );
  }

  private registered(frame: Frame): void {
    const err = text(frame["err"], 255);
    if (err) return this.refused(err, true);
    this.ice = iceFrom(frame);
    if (this.inbox !== undefined) return this.become({ state: "open", ice: this.ice });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refused("no inbox", true), inboxLimit);
  }

  private refused(reason: string, again: boolean): void {
    this.become({ state: "refused", reason });
    if (again) this.later();
  }

  /** Registers again after a pause, as long as the line is up. */
  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, lastPause);
  }

  /** The line is down: nobody knows what became of texts that wait. */
  lost(): void {
    clearTimeout(this.timer);
    this.pause = firstPause;
    this.inbox = undefined;
    this.legs.clear();
    this.parts.clear();
    this.typingIn.clear();
    this.calls.lost();
    this.unsure();
    if (this.registration.state !== "none") this.become({ state: "none" });
  }

  /** Another person may be the next: nothing is left to say. */
  forget(): void {
    this.marks.clear();
  }

  private become(r: Registration): void {
    this.registration = r;
    if (r.state === "refused" || r.state === "none") this.settleEarly(false);
    this.events.registration(r);
  }

  private unsure(): void {
    for (const w of [...this.waiting.values()]) w.settle(undefined, lineError("lost", "The connection was lost before the switch answered."));
  }

  // ------------------------------------------------------------ what is written

  send(t: OutgoingText): Promise<Sent> {
    const id = t.id || newId();
    const before = this.waiting.get(id);
    if (before) return before.promise;
    const call = this.inbox;
    if (call === undefined) return this.early({ ...t, id });
    let sigs: object[];
    try {
      sigs = encodeText(t, id, (f) => envelope(call, { type: "facility", fty: [f] }));
    } catch (e) {
      return Promise.reject(e as ProtocolError);
    }
    const waiting = this.await(id);
    this.typingOut.sent(t.chat);
    if (!sigs.every((f) => this.onInbox(f))) waiting.settle(undefined, lineError("lost", "The connection was lost."));
    return waiting.promise;
  }

  /** A text for an inbox that is about to open. */
  private early(t: OutgoingText): Promise<Sent> {
    const down = lineError("down", "There is no connection.");
    if (this.registration.state !== "registering" || this.opening.length >= maxEarly) return Promise.reject(down);
    return new Promise((resolve, reject) => {
      this.opening.push((open) => (open ? resolve(this.send(t)) : reject(down)));
    });
  }

  private settleEarly(open: boolean): void {
    for (const f of this.opening.splice(0)) f(open);
  }

  private await(id: string): Waiting {
    let settle: Waiting["settle"] = () => undefined;
    const promise = new Promise<Sent>((resolve, reject) => {
      const timer = setTimeout(() => settle(undefined, lineError("timeout", "The switch does not say whether the text was sent.")), receiptLimit);
      settle = (sent, e) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (sent) resolve(sent);
        else reject(e);
      };
    });
    const waiting: Waiting = { promise, settle: (sent, e) => settle(sent, e) };
    this.waiting.set(id, waiting);
    return waiting;
  }

  typing(chat: string, on: boolean): void {
    this.typingOut.set(chat, on);
  }

  delivered(chat: string, mark: { readonly mid?: number; readonly id?: string }): void {
    this.marks.set(chat, "delivered", mark);
  }

  read(chat: string, mark: { readonly mid?: number; readonly id?: string }): void {
    this.marks.set(chat, "read", mark);
  }

  private onInbox(facility: object): boolean {
    return this.inbox !== undefined && this.say(this.inbox, { type: "facility", fty: [facility] });
  }

  private say(call: number, sig: object): boolean {
    try {
      return this.socket.send(envelope(call, sig));
    } catch {
      this.socket.fault("too-long-to-send");
      return false;
    }
  }

  // ------------------------------------------------------------ what comes

  /** Takes a message of PbxSignal that answers no request. */
  take(frame: Frame): void {
    if (frame.mt === "RegisterResult") return this.unasked(frame);
    const m = frame.mt === "Signaling" ? signalOf(frame) : undefined;
    if (!m) return this.socket.fault("bad-signaling");
    const type = str(m.sig["type"], 64);
    if (type === "setup") this.setup(m.call, m.sig);
    else if (m.call === this.inbox || this.legs.has(m.call)) this.onChat(m.call, type, m.sig);
    else if (!this.calls.take(m.call, m.sig) && type !== "rel") this.socket.fault("unknown-call");
  }

  /** The switch has taken the registration away (decision 27), or given it back. */
  private unasked(frame: Frame): void {
    const err = text(frame["err"], 255);
    if (!err) return;
    this.inbox = undefined;
    this.unsure();
    this.refused(err, true);
  }

  private setup(call: number, sig: Obj): void {
    const chat = facilities(sig).find((f) => f["type"] === "im_setup");
    if (chat && sig["channel"] === 0) return bool(chat["inbox"]) ? this.openInbox(call) : this.openLeg(call, sig);
    const c = this.calls.begin(call, sig);
    if (c) this.events.call(c);
    else this.socket.fault("call-number");
  }

  private openInbox(call: number): void {
    clearTimeout(this.timer);
    this.inbox = call;
    this.pause = firstPause;
    this.say(call, { type: "conn", channel: 0 });
    this.become({ state: "open", ice: this.ice });
    this.marks.flush();
    this.settleEarly(true);
  }

  private openLeg(call: number, sig: Obj): void {
    const from = str(obj(sig["cg"])?.["sip"], 255);
    if (!from || this.legs.size >= maxLegs) return this.socket.fault("chat-leg");
    this.legs.set(call, from);
    this.say(call, { type: "conn", channel: 0 });
  }

  private onChat(call: number, type: string, sig: Obj): void {
    for (const f of facilities(sig)) this.facility(call, f);
    if (type !== "rel" && type !== "disc") return;
    this.legs.delete(call);
    if (call !== this.inbox) return;
    this.inbox = undefined;
    this.parts.clear();
    this.unsure();
    this.become({ state: "registering" });
    this.later(); // registering again opens it again (A12)
  }

  private facility(call: number, f: Obj): void {
    const chat = str(f["chat"], 255) || (this.legs.get(call) ?? "");
    if (f["type"] === "im_receipt") return this.receipt(f, chat);
    if (f["type"] !== "im_message") return;
    const sip = str(f["sender"], 255);
    if ("typing" in f && !f["data"] && !f["attach"]) {
      if (sip && chat) this.typingIn.take({ chat, sip, name: str(f["sender_dn"], 1024) || sip, on: bool(f["typing"]) });
      return;
    }
    const data = this.parts.take([call, chat, sip].join("\n"), f);
    if (data === undefined) return;
    const t = decodeText(f, data, chat, this.own());
    if (!t) return this.socket.fault("bad-text");
    this.typingIn.ended(chat, sip);
    this.events.text(t);
    if (!t.own) this.delivered(chat, { ...(t.mid && { mid: t.mid }), ...(t.id && { id: t.id }) });
  }

  private receipt(f: Obj, chat: string): void {
    const r = decodeReceipt(f, chat);
    if (!r) return this.socket.fault("bad-receipt");
    const w = r.id ? this.waiting.get(r.id) : undefined;
    if (r.id && r.state === "sent") w?.settle({ id: r.id, ...(r.mid && { mid: r.mid }), timestamp: r.timestamp });
    if (r.state === "failed") w?.settle(undefined, causeError(r.cause ?? 41));
    this.events.receipt(r);
  }
}

function envelope(call: number, sig: object): object {
  return { api, mt: "Signaling", src, call, sig };
}

function iceFrom(frame: Frame): IceServers {
  const servers = (v: unknown): readonly string[] => str(v, 4096).split(";").filter(Boolean);
  const [user, password] = [text(frame["turnUsr"], 1024), text(frame["turnPwd"], 1024)];
  return { stun: servers(frame["stun"]), turn: servers(frame["turn"]), ...(user && { turnUser: user }), ...(password && { turnPassword: password }) };
}
