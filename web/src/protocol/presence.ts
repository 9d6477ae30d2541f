// Presence of the own person and of others (2.8.1, docs/presence.md): messages without api.
import { bool, each, type Frame, list, obj, type Obj, str, text, word } from "./decode.ts";
import { guarded } from "./emitter.ts";
import type { Socket } from "./socket.ts";
import type { PersonPresence, Presence, PresenceContact, PresenceState, Stop } from "./types.ts";

/** The switch takes 512 subscriptions of a connection (decision 49); some are left for others. */
const maxWatched = 500;

export interface PresenceEvents {
  presence(p: PersonPresence): void;
  own(own: Presence["own"]): void;
  badge(n: number): void;
}

interface Watched {
  readonly sip: string;
  readonly listeners: Set<(p: PersonPresence) => void>;
  last: PersonPresence | undefined;
  asked: boolean;
}

export class PresencePart implements Presence {
  own: { readonly activity: string; readonly note: string } = { activity: "", note: "" };
  badge: number | undefined;

  /** By name in lower case; in the order in which they were asked for. */
  private readonly watched = new Map<string, Watched>();
  private asked = 0;
  private up = false;
  private inactive = false;

  constructor(
    private readonly socket: Socket,
    private readonly events: PresenceEvents,
  ) {}

  /** The line is up: everything is subscribed to again. */
  open(): void {
    this.up = true;
    if (this.inactive) this.socket.send({ mt: "SetUserActivity", inactive: true });
    this.askMore();
  }

  lost(): void {
    this.up = false;
    this.asked = 0;
    for (const w of this.watched.values()) w.asked = false;
  }

  /** Somebody else may log in next. */
  forget(): void {
    this.own = { activity: "", note: "" };
    this.badge = undefined;
    for (const w of this.watched.values()) w.last = undefined;
  }

  setOwn(activity: "" | "away" | "busy" | "dnd", note: string): void {
    this.socket.send({ mt: "SetOwnPresence", ...(activity && { activity }), ...(note && { note }) });
  }

  setInactive(inactive: boolean): void {
    if (this.inactive === inactive) return;
    this.inactive = inactive;
    if (this.up) this.socket.send({ mt: "SetUserActivity", ...(inactive && { inactive }) });
  }

  watch(sip: string, f: (p: PersonPresence) => void): Stop {
    const key = sip.toLowerCase();
    const w: Watched = this.watched.get(key) ?? { sip, listeners: new Set(), last: undefined, asked: false };
    this.watched.set(key, w);
    const own = (p: PersonPresence): void => f(p);
    w.listeners.add(own);
    if (w.last) guarded(() => f(w.last as PersonPresence));
    this.ask(w);
    return () => {
      if (w.listeners.delete(own) && w.listeners.size === 0) this.unwatch(key, w);
    };
  }

  get(sip: string): PersonPresence | undefined {
    return this.watched.get(sip.toLowerCase())?.last;
  }

  private ask(w: Watched): void {
    if (!this.up || w.asked || this.asked >= maxWatched) return;
    w.asked = this.socket.send({ mt: "SubscribePresence", sip: w.sip });
    if (w.asked) this.asked++;
  }

  private askMore(): void {
    for (const w of this.watched.values()) {
      if (this.asked >= maxWatched) return;
      this.ask(w);
    }
  }

  private unwatch(key: string, w: Watched): void {
    if (this.watched.get(key) === w) this.watched.delete(key);
    if (!w.asked) return;
    this.asked--;
    this.socket.send({ mt: "UnsubscribePresence", sip: w.sip });
    this.askMore();
  }

  /** Takes a message without api; false if it is none of presence. */
  take(frame: Frame): boolean {
    if (frame.mt === "UpdatePresence") this.update(frame);
    else if (frame.mt === "UpdateOwnPresence") this.updateOwn(frame);
    else return false;
    return true;
  }

  private update(frame: Frame): void {
    const sip = str(frame["sip"], 255);
    const w = this.watched.get(sip.toLowerCase());
    if (!w) return; // it was given up meanwhile
    w.last = personFrom(w.sip, frame);
    for (const f of [...w.listeners]) guarded(() => f(w.last as PersonPresence));
    this.events.presence(w.last);
  }

  private updateOwn(frame: Frame): void {
    let badge: number | undefined;
    let own = { activity: "", note: "" };
    for (const c of each(frame["presence"], contactFrom, 64)) {
      const m = c.contact === "app:" ? /^#badge:([0-9]{1,15})$/.exec(c.note) : null;
      if (m) badge = Number(m[1]);
      if (c.contact === "tel:") own = { activity: c.activity, note: c.note };
    }
    if (own.activity !== this.own.activity || own.note !== this.own.note) {
      this.own = own;
      this.events.own(own);
    }
    if (badge === undefined || badge === this.badge) return;
    this.badge = badge;
    this.events.badge(badge);
  }
}

function contactFrom(o: Obj): PresenceContact | undefined {
  const contact = str(o["contact"], 64);
  return contact ? { contact, open: o["status"] === "open", activity: str(o["activity"], 64), note: str(o["note"], 512) } : undefined;
}

function personFrom(sip: string, frame: Frame): PersonPresence {
  const ep = obj(frame["ep"]) ?? {};
  const contacts = list(frame["presence"], 64).flatMap((c) => contactFrom(obj(c) ?? {}) ?? []);
  const tel = contacts.find((c) => c.contact === "tel:");
  const [dn, num, email] = [text(ep["dn"], 1024), text(ep["num"], 64), text(ep["email"], 320)];
  return {
    sip, known: bool(frame["up"]), state: stateOf(contacts), note: tel?.note ?? "", contacts,
    ...(dn && { dn }), ...(num && { num }), ...(email && { email }),
  };
}

/** One word for all contacts: what the person has said counts more than what the switch sees. */
function stateOf(contacts: readonly PresenceContact[]): PresenceState {
  const tel = contacts.find((c) => c.contact === "tel:");
  const im = contacts.find((c) => c.contact === "im:");
  const said = word(tel?.activity, ["dnd", "busy", "away"] as const);
  if (tel?.activity === "on-the-phone") return "phone";
  const here = (im?.open ?? false) || (tel?.open ?? false);
  if (!here) return "offline";
  if (said) return said;
  return im?.open && im.activity === "away" ? "away" : "available";
}
