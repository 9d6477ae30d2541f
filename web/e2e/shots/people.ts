// Who is in the pictures, and what they say. Everything goes through the protocol layer,
// as another client would do it.
import { WebSocket as NodeSocket } from "ws";
import { clientUrl, createClient, type Client, type SocketLike } from "../../src/protocol/index.ts";
import type { Switch } from "../switch.ts";

export const password = "correct horse battery";

/** Name to display name and number. The first one is whose screen is shown. */
export const staff: readonly (readonly [string, string, string])[] = [
  ["marlene", "Marlene Brandt", "210"],
  ["tom", "Tom Ahrens", "211"],
  ["aylin", "Aylin Yıldız", "212"],
  ["jonas", "Jonas Petersen", "213"],
  ["samira", "Samira Haddad", "214"],
  ["peter", "Peter Kowalski", "215"],
  ["ines", "Inês Carvalho", "216"],
  ["hugo", "Hugo Lindqvist", "217"],
];
const further = [
  "Clara Vogt", "Deniz Kaya", "Emil Sørensen", "Fatma Demir", "Georg Huber", "Hanna Weiss", "Igor Novak", "Julia Fischer", "Karim Aziz", "Lena Wolf",
  "Mats Berg", "Nora Klein", "Oskar Lang", "Paula Reyes", "Rana Haddad", "Stefan Roth", "Tilda Holm", "Umut Arslan", "Vera Simon", "Walter Kurz",
];

/** Imports everybody from a file, as an administrator does, and makes what belongs to an office. */
export async function hire(on: Switch): Promise<void> {
  await on.command(["object", "add", `office@${on.domain}`, "--type", "template", "--dn", "Office"]);
  const line = (name: string, dn: string, num: string, group: string) => `${name},${dn},${num},${password},${name}@${on.domain},${group},office`;
  const users = [
    ...staff.map(([name, dn, num], i) => line(name, dn, num, i % 2 ? "support" : "projects")),
    ...further.map((dn, i) => line(`${dn.split(" ")[0]?.toLowerCase()}`, dn, String(230 + i), i % 3 ? "" : "support")),
  ];
  await on.command(["user", "import", "--domain", on.domain, "-"], ["sip,dn,num,password,email,groups,template", ...users].join("\n") + "\n");
  await on.command(["object", "add", `service@${on.domain}`, "--type", "group", "--num", "300", "--dn", "Service desk", "--members", "support"]);
  await on.command(["app", "add", `tickets@${on.domain}`, "--url", "https://tickets.example.com/tickets", "--dn", "Tickets"]);
}

/** A person without a screen, who is there from now on. */
export class Actor {
  readonly client: Client;

  constructor(
    private readonly on: Switch,
    readonly name: string,
  ) {
    this.client = createClient({ url: clientUrl(on.url), userAgent: "Desk", page: on.url, socket: (url) => new NodeSocket(url) as unknown as SocketLike });
  }

  async come(): Promise<this> {
    this.client.sync.start({ changes: () => undefined, reset: () => undefined });
    await this.client.signIn({ domain: this.on.domain, name: this.name, password });
    await until(() => this.client.signal.registration.state === "open" && this.client.messages.store.state !== "opening");
    return this;
  }

  /** Returns the number of the message. */
  async say(chat: string, data: string, more: { reply?: number; mentions?: string[]; attach?: string[]; wave?: number[]; duration?: number } = {}): Promise<number> {
    const { attach, ...ext } = more;
    return (await this.client.signal.send({ chat, data, ext, ...(attach && { attach }) })).mid ?? 0;
  }

  upload(data: Buffer, name: string, type: string): Promise<string> {
    return this.client.files.upload(new Blob([new Uint8Array(data)], { type }), name).done;
  }

  read(chat: string, mid: number): void {
    this.client.signal.read(chat, { mid });
  }
}

export async function until(f: () => unknown, limit = 20_000): Promise<void> {
  for (const end = Date.now() + limit; !f(); await pause(20)) if (Date.now() > end) throw new Error("it did not happen: " + f.toString());
}

export const pause = (ms: number) => new Promise((r) => setTimeout(r, ms));

export type Cast = ReadonlyMap<string, Actor>;

/** Everybody of the staff signs in. */
export async function gather(on: Switch): Promise<Cast> {
  const list = await Promise.all(staff.map(([name]) => new Actor(on, name).come()));
  return new Map(list.map((a) => [a.name, a]));
}

export function actor(cast: Cast, name: string): Actor {
  const a = cast.get(name);
  if (!a) throw new Error(`nobody is called ${name}`);
  return a;
}

/** The chats of an ordinary morning. Returns the name of the group. */
export async function talk(cast: Cast, picture: Buffer): Promise<string> {
  const [me, tom, aylin, jonas, samira, peter, ines, hugo] = staff.map(([name]) => actor(cast, name));
  if (!me || !tom || !aylin || !jonas || !samira || !peter || !ines || !hugo) throw new Error("somebody is missing");
  await hugo.say("marlene", "The invoices of October are through.");
  await peter.say("marlene", "Can you look at the <b>contract</b> before noon?");
  await me.say("peter", "Yes, at eleven.");
  await ines.say("marlene", "Obrigada! See you on Thursday.");
  await samira.say("marlene", "صباح الخير! The new headsets are here.");
  const group = await move(cast);
  await withTom(me, tom, picture);
  await jonas.say("marlene", "Are you coming to lunch?");
  await jonas.say("marlene", "We go at half past twelve.");
  const pdf = await peter.upload(Buffer.from("%PDF-1.4\n" + "% contract\n".repeat(20_000)), "Contract 2027.pdf", "application/pdf");
  await peter.say("marlene", "", { attach: [pdf] });
  await tom.client.presence.setOwn("", "Back at the desk");
  await aylin.client.presence.setOwn("dnd", "Focus until noon");
  await jonas.client.presence.setOwn("away", "");
  await hugo.client.presence.setOwn("busy", "");
  return group;
}

/** A group that moves house. */
async function move(cast: Cast): Promise<string> {
  const tom = actor(cast, "tom");
  const { sip } = await tom.client.messages.createGroup("Office move");
  for (const [name] of staff) if (name !== "tom") await tom.client.messages.invite(sip, name);
  await tom.client.messages.grant(sip, "marlene", "admin");
  const plan = await tom.say(sip, "The movers come on <b>Friday at 8</b>. Boxes are in the hall.");
  await actor(cast, "aylin").say(sip, "How many per desk?");
  await tom.say(sip, "Three, and one for the plants.", { reply: plan });
  await actor(cast, "ines").say(sip, "Who takes the coffee machine?");
  const mine = await actor(cast, "marlene").say(sip, "I do. Nobody else touches it ☕");
  await actor(cast, "jonas").client.messages.react(mine, "😂", true);
  await actor(cast, "aylin").client.messages.react(mine, "😂", true);
  await actor(cast, "ines").client.messages.react(mine, "❤️", true);
  await actor(cast, "samira").say(sip, "<b>@Marlene Brandt</b> the lift is booked from 7 to 10.", { mentions: ["marlene"] });
  await tom.client.messages.pin(plan, true);
  for (const name of ["tom", "aylin", "ines"]) actor(cast, name).read(sip, mine);
  return sip;
}

/** A chat of two with everything that a chat can have. */
async function withTom(me: Actor, tom: Actor, picture: Buffer): Promise<void> {
  await tom.say("marlene", "Good morning! I have been at the new office with the architect.");
  await me.say("tom", "How does it look?");
  const photo = await tom.upload(picture, "View from the third floor.jpg", "image/jpeg");
  const view = await tom.say("marlene", "This is what you see from your window:", { attach: [photo] });
  await me.client.messages.react(view, "😍", true);
  const asked = await me.say("tom", "Wonderful. Is the <b>network</b> ready too?", { reply: view });
  const wave = Array.from({ length: 56 }, (_, i) => Math.round(20 + 75 * Math.abs(Math.sin(i * 0.55) * Math.cos(i * 0.17))));
  const sound = await tom.upload(voice(11), "Voice message.wav", "audio/wav");
  await tom.say("marlene", "", { attach: [sound], wave, duration: 11_000 });
  const list = await tom.say("marlene", "In short:<ul><li>fibre since Monday</li><li>phones on Wednesday</li><li>printers: nobody knows</li></ul>", { reply: asked });
  await tom.client.messages.react(asked, "😄", true);
  const last = await me.say("tom", "Then we move on Friday. I tell the others.");
  await me.client.messages.react(list, "😂", true);
  await tom.client.messages.readChat("marlene", { count: 1 });
  tom.read("marlene", last);
}

/** Some seconds of a tone that rises and falls, as WAV with 8,000 samples a second. */
function voice(seconds: number): Buffer {
  const count = 8000 * seconds;
  const out = Buffer.alloc(44 + count);
  out.write("RIFF", 0, "latin1");
  out.writeUInt32LE(36 + count, 4);
  out.write("WAVEfmt ", 8, "latin1");
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(1, 22);
  out.writeUInt32LE(8000, 24);
  out.writeUInt32LE(8000, 28);
  out.writeUInt16LE(1, 32);
  out.writeUInt16LE(8, 34);
  out.write("data", 36, "latin1");
  out.writeUInt32LE(count, 40);
  for (let i = 0; i < count; i++) out[44 + i] = 128 + Math.round(60 * Math.sin(i / 6) * Math.sin(i / 900));
  return out;
}
