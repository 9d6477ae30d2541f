// Who is who: one signal per person, fed by presence, chat rows, authors and searches.
// The presence of a person is asked for while some screen watches that person's signal,
// and a while longer; the protocol bounds how many at a time.
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Client, PersonPresence, PresenceState, Stop } from "../../protocol/index.ts";
import { optional } from "./item.ts";
import { shownName } from "./text.ts";
import type { Person, Presence } from "./types.ts";

const maxPeople = 20_000;
const maxWatched = 500;
/** A row that scrolls away and back asks nothing anew. */
const linger = 30_000;

interface Known {
  readonly signal: Signal<Person>;
  watched: boolean;
  stop?: Stop;
  timer?: ReturnType<typeof setTimeout>;
}

export class People {
  private readonly known = new Map<string, Known>();
  /** Subscribed, the longest unneeded first. */
  private readonly subscribed = new Map<string, Known>();
  private up = false;

  constructor(
    private readonly client: Client,
    private readonly changed: (sip: string, named: boolean) => void,
  ) {}

  signal(sip: string): ReadonlySignal<Person> {
    return this.entry(sip).signal;
  }

  /** The person as known at this moment; asks nothing. */
  get(sip: string): Person {
    return this.known.get(sip)?.signal.peek() ?? nobody(sip);
  }

  name(sip: string): string {
    return this.get(sip).dn;
  }

  /** Learns a display name from a row, a text or a list. Presence knows better and is not overwritten by an empty one. */
  learn(sip: string, dn: string | undefined, more?: { readonly num?: string; readonly email?: string }): void {
    if (sip === "" || ((dn ?? "") === "" && more === undefined)) {
      return;
    }
    const s = this.entry(sip).signal;
    const old = s.peek();
    const name = (dn ?? "") === "" ? old.dn : shownName(dn, sip);
    const num = more?.num ?? old.num;
    const email = more?.email ?? old.email;
    if (name !== old.dn || num !== old.num || email !== old.email) {
      s.value = { ...old, dn: name, ...optional("num", num), ...optional("email", email) };
      this.changed(sip, true);
    }
  }

  /** Asks for the presence of people whose rows are likely seen: the newest chats. */
  interest(sips: Iterable<string>): void {
    for (const sip of sips) {
      const k = this.entry(sip);
      if (k.stop === undefined) {
        this.subscribe(sip, k);
      }
    }
  }

  /** Without a line nobody's presence is known: rings are empty, as the banner says. */
  line(up: boolean): void {
    if (up === this.up) {
      return;
    }
    this.up = up;
    for (const [sip, k] of this.known) {
      const p = up ? this.client.presence.get(sip) : undefined;
      this.show(sip, k, p === undefined ? "offline" : presenceOf(p.state), p?.note ?? "");
    }
  }

  private entry(sip: string): Known {
    const old = this.known.get(sip);
    if (old !== undefined) {
      return old;
    }
    this.makeRoom();
    const k: Known = {
      watched: false,
      signal: signal(nobody(sip), {
        watched: () => this.watch(sip, k),
        unwatched: () => this.unwatch(sip, k),
      }),
    };
    this.known.set(sip, k);
    return k;
  }

  private makeRoom(): void {
    if (this.known.size < maxPeople) {
      return;
    }
    for (const [sip, k] of this.known) {
      if (!k.watched && k.stop === undefined) {
        this.known.delete(sip);
        return;
      }
    }
  }

  private watch(sip: string, k: Known): void {
    k.watched = true;
    clearTimeout(k.timer);
    if (k.stop === undefined) {
      // Not within the computation that reads the signal: the answer may come at once.
      queueMicrotask(() => k.watched && k.stop === undefined && this.subscribe(sip, k));
    } else {
      this.subscribed.delete(sip);
      this.subscribed.set(sip, k);
    }
  }

  private unwatch(sip: string, k: Known): void {
    k.watched = false;
    clearTimeout(k.timer);
    k.timer = setTimeout(() => this.unsubscribe(sip, k), linger);
  }

  private subscribe(sip: string, k: Known): void {
    if (sip === "" || sip.includes("?")) {
      return; // a group, or somebody without a name (?p12)
    }
    if (this.subscribed.size >= maxWatched) {
      const idle = [...this.subscribed].find(([, x]) => !x.watched) ?? [...this.subscribed][0];
      if (idle !== undefined) {
        this.unsubscribe(idle[0], idle[1]);
      }
    }
    this.subscribed.set(sip, k);
    k.stop = this.client.presence.watch(sip, (p) => this.told(sip, k, p));
  }

  private unsubscribe(sip: string, k: Known): void {
    this.subscribed.delete(sip);
    k.stop?.();
    delete k.stop;
  }

  private told(sip: string, k: Known, p: PersonPresence): void {
    this.learn(sip, p.dn, { ...optional("num", p.num), ...optional("email", p.email) });
    this.show(sip, k, presenceOf(p.state), p.note);
  }

  private show(sip: string, k: Known, presence: Presence, note: string): void {
    const { note: before, ...old } = k.signal.peek();
    if (old.presence !== presence || (before ?? "") !== note) {
      k.signal.value = { ...old, presence, ...(note === "" ? {} : { note }) };
      this.changed(sip, false);
    }
  }

  close(): void {
    for (const k of this.known.values()) {
      clearTimeout(k.timer);
      k.stop?.();
    }
    this.known.clear();
    this.subscribed.clear();
  }
}

function nobody(sip: string): Person {
  return { sip, dn: shownName(sip, sip), presence: "offline" };
}

/** `busy` of other clients is shown as "do not disturb": the client knows five lamps. */
export function presenceOf(s: PresenceState): Presence {
  return s === "busy" ? "dnd" : s;
}
