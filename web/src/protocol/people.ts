// People of the domain and the person's favourites: PbxApi (docs/presence.md).
import { bool, each, type Frame, id, num, obj, type Obj, str, text } from "./decode.ts";
import { guarded } from "./emitter.ts";
import { lineError, pbxError } from "./errors.ts";
import type { Socket } from "./socket.ts";
import type { Contact, People, PersonEntry, Stop } from "./types.ts";

const api = "PbxApi";
/** Of the subscription to the profile. */
const src = "profile";
const maxContacts = 5_000;

export class PeoplePart implements People {
  private readonly listeners = new Set<(c: readonly Contact[]) => void>();
  private list: readonly Contact[] | undefined;
  private profile: number | undefined;
  private up = false;

  constructor(private readonly socket: Socket) {}

  open(): void {
    this.up = true;
    if (this.listeners.size > 0) this.subscribe();
  }

  lost(): void {
    this.up = false;
  }

  forget(): void {
    this.list = undefined;
    this.profile = undefined;
  }

  private async ask(frame: Frame, own?: string): Promise<Frame> {
    const result = await this.socket.request({ ...frame, api }, own ? { src: own } : {});
    if (result["error"] !== undefined) throw pbxError(num(result["error"]), str(result["errorText"], 1024));
    return result;
  }

  // ------------------------------------------------------------ search

  async search(query: string, at: Parameters<People["search"]>[1] = {}): Promise<{ readonly people: readonly PersonEntry[]; readonly next?: string }> {
    const r = await this.ask({ mt: "SearchPeople", text: query, ...at });
    const next = text(r["next"], 1024);
    return { people: each(r["people"], personFrom, 1000), ...(next && { next }) };
  }

  // ------------------------------------------------------------ favourites

  contacts(f: (contacts: readonly Contact[]) => void): Stop {
    const own = (c: readonly Contact[]): void => f(c);
    this.listeners.add(own);
    if (this.list) guarded(() => f(this.list ?? []));
    else if (this.up && this.listeners.size === 1) this.subscribe();
    return () => void this.listeners.delete(own);
  }

  private subscribe(): void {
    this.ask({ mt: "SubscribeProfile" }, src).then((r) => {
      const profile = obj(r["profile"]) ?? {};
      this.profile = id(profile["id"]);
      this.set(each(profile["contacts"], contactFrom, maxContacts));
    }, () => undefined); // a switch without profiles has none to show
  }

  private set(list: readonly Contact[]): void {
    this.list = list;
    for (const f of [...this.listeners]) guarded(() => f(list));
  }

  async addContact(contact: { readonly sip?: string; readonly num?: string; readonly dn: string }): Promise<number> {
    const where = this.profile === undefined ? { name: "Favourites" } : { id: this.profile };
    const r = await this.ask({ mt: "AddProfileContact", ...where, contact: { ...contact, presence: true } });
    this.profile = id(r["id"]) ?? this.profile;
    const made = id(obj(r["contact"])?.["id"]);
    if (made === undefined) throw lineError("malformed", "The answer of the switch cannot be read.");
    return made;
  }

  async deleteContact(contact: number): Promise<void> {
    await this.ask({ mt: "DelProfileContact", id: this.profile, contact: { id: contact } });
  }

  /** Takes a message of PbxApi that answers no request. */
  take(frame: Frame): void {
    const profile = obj(frame["profile"]);
    const contact = obj(profile?.["contact"]);
    if (frame.src !== src || !profile || !contact) return this.socket.fault("unknown-pbxapi");
    const number = id(contact["id"]);
    const others = (this.list ?? []).filter((c) => c.id !== number);
    if (frame.mt === "ProfileContactDeleted") return this.set(others);
    const c = contactFrom(contact);
    if (frame.mt !== "ProfileContactAdded" || !c || others.length >= maxContacts) return this.socket.fault("bad-contact");
    this.profile ??= id(profile["id"]);
    this.set([...others, c]);
  }
}

function personFrom(o: Obj): PersonEntry | undefined {
  const sip = str(o["sip"], 255);
  const [guid, number, email] = [text(o["guid"], 64), text(o["num"], 64), text(o["email"], 320)];
  return sip ? { sip, dn: str(o["dn"], 1024) || sip, ...(guid && { guid }), ...(number && { num: number }), ...(email && { email }) } : undefined;
}

function contactFrom(o: Obj): Contact | undefined {
  const n = id(o["id"]);
  if (n === undefined) return undefined;
  const [name, sip, number, dn] = [text(o["name"], 255), text(o["sip"], 255), text(o["num"], 64), text(o["dsp"], 1024) ?? text(o["dn"], 1024)];
  return { id: n, presence: bool(o["presence"]), ...(name && { name }), ...(sip && { sip }), ...(number && { num: number }), ...(dn && { dn }) };
}
