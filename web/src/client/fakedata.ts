// People and talk for the fake model (fake.ts): long names, other scripts, names that
// are traps for programs, and every state a message can have.
import type { Attachment, Chat, Member, Message, Person, Presence, Reaction, Upload } from "./model/types.ts";

export const now = Date.now();
const minute = 60_000;
/** A time of today's story: minutes before now. */
export const ago = (minutes: number): number => now - minutes * minute;

function person(sip: string, dn: string, presence: Presence, num: string, note?: string): Person {
  return { sip, dn, presence, num, email: `${sip}@nordklinik.example`, ...(note && { note }) };
}

export const me = person("marlene.brandt", "Marlene Brandt", "available", "4200");
export const people: readonly Person[] = [
  person("joerg", "Jörg Weißmüller", "phone", "4211"),
  person("noura", "نورا الحدّاد", "available", "4214"),
  person("yusuf", "Yusuf Çelik", "away", "4207", "Back at eleven"),
  person("priya", "Priya Raman", "available", "4419"),
  person("elif", "Elif Şahin", "dnd", "4120", "In surgery until 11:00"),
  person("krueger", "Dr. Matthias Krüger", "offline", "4100"),
  person("tom", "Tom Ekström", "available", "4415"),
  person("aysegul", "Ayşegül Öztürk", "available", "4208"),
  person("ilker", "İlker Iğdır", "away", "4301"),
  person("__proto__", "__proto__", "available", "4666"),
  person("constructor", "<b>constructor</b>", "offline", "4667"),
  person("long", "Wolfeschlegelsteinhausenbergerdorff-Ötztal von und zu Hohenlohe-Waldenburg-Schillingsfürst", "available", "4999"),
  ...Array.from({ length: 600 }, (_, i) => person(`user${i}`, `Example Person ${i}`, (["available", "away", "dnd", "phone", "offline"] as const)[i % 5] ?? "offline", String(5000 + i))),
];
const known = new Map(people.map((p) => [p.sip, p]));
export const who = (sip: string): Person => (sip === me.sip ? me : (known.get(sip) ?? person(sip, sip, "offline", "")));

let nextId = 1000;
type Part = Partial<Omit<Message, "author">>;
/** A message of somebody, minutes ago. */
export function msg(sip: string, minutes: number, html: string, more: Part = {}): Message {
  const id = nextId++;
  const own = sip === me.sip;
  return {
    key: `k${id}`, id, author: who(sip), own, html, time: ago(minutes), attached: [], uploads: [], reactions: [], deleted: false, pinned: false, mentioned: false,
    ...(own && { state: "read" as const }),
    ...more,
  };
}

const react = (emoji: string, count: number, own = false): Reaction => ({ emoji, count, own, people: people.slice(0, Math.min(3, count)).map((p) => p.dn) });

function svg(text: string, colour: string): string {
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="720" height="404"><rect width="720" height="404" fill="${colour}"/><text x="360" y="210" font-size="40" text-anchor="middle" fill="white">${text}</text></svg>`)}`;
}
const picture: Attachment = { url: svg("Hall 4", "saddlebrown"), thumb: svg("Hall 4", "saddlebrown"), name: "hall4-cellar.jpg", type: "image/jpeg", size: 840_000, width: 720, height: 404 };
const voice: Attachment = { url: "fake:voice", name: "voice.webm", type: "audio/webm", size: 61_000, duration: 42_000, wave: Array.from({ length: 56 }, (_, i) => 0.25 + 0.7 * Math.abs(Math.sin(i * 1.7) * Math.cos(i / 5))) };
const upload: Upload = { key: "u1", name: "numbering-plan-hall4.csv", type: "text/csv", size: 2_400_000, done: 1_600_000, state: "running", speed: 200_000 };

export const cutover: Message[] = [
  msg("joerg", 18 * 60 + 40, "The old exchange still carries 212 lines, nine of them fax. Found this while tracing the riser:"),
  msg("joerg", 18 * 60 + 39, "Hall 4, cellar. Somebody labelled every cord.", { attached: [picture], reactions: [react("😍", 4, true), react("☎️", 2), react("👏", 1)], pinned: true }),
  msg(me.sip, 18 * 60 + 31, "Then the fax lines move first. I take all nine tonight.", { quote: { id: 1000, author: "Jörg Weißmüller", text: "The old exchange still carries 212 lines, nine of them fax." }, readBy: 9 }),
  msg("yusuf", 12, "", { system: { what: "added", who: "Yusuf Çelik", whom: "نورا الحدّاد" } }),
  msg("aysegul", 9, "", { attached: [voice] }),
  msg("noura", 4, "صباح الخير، الأرقام الجديدة جاهزة للاختبار."),
  msg("noura", 4, "Extensions 4200 to 4420, all on the new switch. Plan: https://wiki.nordklinik.example/cutover(hall4), or mail noura@nordklinik.example."),
  msg("__proto__", 3, "@Marlene Brandt &lt;img src=x onerror=alert(1)&gt; is only text, <b>bold</b> is bold, <code>set line 4207</code> is code.", { mentioned: true }),
  msg(me.sip, 1, "", { state: "waiting", uploads: [upload] }),
];

export const offlineTalk: Message[] = [
  msg("joerg", 14, "Nine fax lines, I counted twice."),
  msg("joerg", 13, "Ward 3, ward 7, lab, pharmacy, and five in administration."),
  msg(me.sip, 11, "Thank you. Port them one by one, lab last.", { edited: ago(10) }),
  msg(me.sip, 3, "I will be in the cellar from eleven.", { state: "delivered" }),
  msg(me.sip, 2, "Bring the long ladder.", { state: "failed", error: "Jörg Weißmüller has left the domain." }),
  msg("joerg", 1, "", { deleted: true }),
];

/** A chat of 50,000 messages, for the virtual list. */
export function longTalk(count = 50_000): Message[] {
  const authors = ["tom", "priya", me.sip, "elif"];
  return Array.from({ length: count }, (_, i) => msg(authors[Math.floor(i / 3) % authors.length] ?? "tom", (count - i) * 7, `Message ${i + 1}. ${"The line is clear and both ends hear each other. ".repeat((i * 7919) % 5)}`));
}

export const volatileTalk: Message[] = [
  msg("priya", 8, "Two minutes about the visitor phone?"),
  msg(me.sip, 7, "Of course. Which line is it?", { state: "delivered" }),
  msg("priya", 7, "4419, the visitor phone in the lobby."),
  msg("priya", 6, "It rings, but nobody hears me."),
];

function chat(name: string, minutes: number, more: Partial<Chat>): Chat {
  const p = known.get(name);
  return { name, title: p?.dn ?? name, ...(p && { person: p }), volatile: false, unread: 0, mentions: 0, muted: false, pinned: false, typing: [], time: ago(minutes), ...more };
}
const group = (id: number, title: string, count: number, more = {}) => ({ name: `messages?g${id}`, title, group: { id, title, announce: false, count, role: "owner" as const, mayWrite: true, ...more } });
const last = (sender: string, text: string, minutes: number, more = {}) => ({ last: { sender, own: sender === me.dn, text, time: ago(minutes), ...more } });

export function chatList(): Chat[] {
  return [
    chat("messages?g1", 1, { ...group(1, "Cutover Hall 4", 12), pinned: true, typing: ["Ayşegül Öztürk"], ...last("Marlene Brandt", "numbering-plan-hall4.csv", 1, { what: "file", state: "waiting" }) }),
    chat("joerg", 12, { unread: 2, ...last("Jörg Weißmüller", "Nine fax lines, I counted twice", 12) }),
    chat("messages?g2", 25, { ...group(2, "Service desk", 48), unread: 6, mentions: 1, ...last("Tom Ekström", "Escalation from ward 7 is closed", 25) }),
    chat("noura", 47, { unread: 1, ...last("نورا الحدّاد", "الأرقام الجديدة جاهزة للاختبار", 47) }),
    chat("yusuf", 63, { draft: "Can you ring the echo test from 4207?", ...last("Yusuf Çelik", "", 63) }),
    chat("priya", 91, { volatile: true, ...last("Priya Raman", "", 91, { what: "missed" }) }),
    chat("messages?g3", 116, { ...group(3, "Facilities Nord", 230, { role: "member" }), muted: true, unread: 14, ...last("İlker Iğdır", "Lift 2 is out until noon", 116) }),
    chat("elif", 26 * 60, { ...last("Marlene Brandt", "Thank you, see you Thursday", 26 * 60, { state: "read" }) }),
    chat("messages?g4", 28 * 60, { ...group(4, "Announcements", 1200, { announce: true, role: "member", mayWrite: false }), ...last("Switch", "Maintenance on Sunday, 02:00", 28 * 60) }),
    chat("krueger", 3 * 1440, { ...last("Dr. Matthias Krüger", "0:18", 3 * 1440, { what: "voice" }) }),
    chat("tom", 3 * 1440 + 60, { ...last("Tom Ekström", "floorplan-hall4.pdf", 3 * 1440 + 60, { what: "file" }) }),
    chat("__proto__", 5 * 1440, { ...last("__proto__", "hasOwnProperty", 5 * 1440) }),
    chat("long", 9 * 1440, { ...last("Wolfeschlegelsteinhausenbergerdorff-Ötztal", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", 9 * 1440) }),
    ...Array.from({ length: 300 }, (_, i) => chat(`user${i}`, (10 + i) * 1440, { ...last(`Example Person ${i}`, "See you", (10 + i) * 1440) })),
  ];
}

export function membersOf(): Member[] {
  const m = (sip: string, role: Member["role"]): Member => ({ person: who(sip), role, muted: sip === "tom", own: sip === me.sip });
  return [m(me.sip, "owner"), m("aysegul", "admin"), m("joerg", "member"), m("noura", "member"), m("yusuf", "member"), m("tom", "member"), m("priya", "member"), m("__proto__", "member"), ...Array.from({ length: 500 }, (_, i) => m(`user${i}`, "member"))];
}
