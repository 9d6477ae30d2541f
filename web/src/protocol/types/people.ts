// People and their presence.
import type { Stop } from "./base.ts";

export type PresenceState = "available" | "away" | "busy" | "dnd" | "phone" | "offline";

/** One contact of a presence, as on the wire (2.8.3). */
export interface PresenceContact {
  readonly contact: string;
  readonly open: boolean;
  readonly activity: string;
  readonly note: string;
}

export interface PersonPresence {
  readonly sip: string;
  /** False: there is nobody of that name, or one may not know. */
  readonly known: boolean;
  readonly dn?: string;
  readonly num?: string;
  readonly email?: string;
  readonly state: PresenceState;
  readonly note: string;
  readonly contacts: readonly PresenceContact[];
}

export interface PersonEntry {
  readonly sip: string;
  readonly dn: string;
  readonly guid?: string;
  readonly num?: string;
  readonly email?: string;
}

/** A favourite. */
export interface Contact {
  readonly id: number;
  readonly name?: string;
  readonly sip?: string;
  readonly num?: string;
  readonly dn?: string;
  readonly presence: boolean;
}

export interface Presence {
  /** What the own person shows. */
  readonly own: { readonly activity: string; readonly note: string };
  /** Unread messages, as the switch counts them; undefined until it has told. */
  readonly badge: number | undefined;
  setOwn(activity: "" | "away" | "busy" | "dnd", note: string): void;
  /** Nobody sits at this client. */
  setInactive(inactive: boolean): void;
  /**
   * Tells a person's presence now and on every change, until stopped; survives reconnects.
   * Several watchers of a person share one subscription. More than 500 people: the others
   * wait until somebody stops.
   */
  watch(sip: string, f: (p: PersonPresence) => void): Stop;
  /** The last that was told of a person who is watched. */
  get(sip: string): PersonPresence | undefined;
}

export interface People {
  /** People of the domain whose name, number or address begins so; visible ones only, by display name. */
  search(query: string, at?: { readonly after?: string; readonly count?: number }): Promise<{ readonly people: readonly PersonEntry[]; readonly next?: string }>;
  /** The person's favourites, kept by the switch for all devices. */
  contacts(f: (contacts: readonly Contact[]) => void): Stop;
  addContact(contact: { readonly sip?: string; readonly num?: string; readonly dn: string }): Promise<number>;
  deleteContact(id: number): Promise<void>;
}
