// Two clients at a running switch:
//   pbx serve --demo --data DIR --listen http://127.0.0.1:PORT
//   TANDEM_PBX=http://127.0.0.1:PORT TANDEM_PEOPLE="alice@demo.example:PASSWORD bob@demo.example:PASSWORD" npx vitest run src/protocol/live.test.ts
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { type Change, clientUrl, createClient, type Credentials, isProtocolError, type Receipt, type SocketLike, type Text, thumbUrl } from "./index.ts";

const pbx = process.env["TANDEM_PBX"];
const page = pbx ?? "http://127.0.0.1";
const people = (process.env["TANDEM_PEOPLE"] ?? "").split(" ").map((p) => {
  const [, name = "", domain = "", password = ""] = /^([^@]+)@([^:]+):(.+)$/.exec(p) ?? [];
  return { name, domain, password };
});

/** A client with everything that it was told. */
class Person {
  readonly client: ReturnType<typeof createClient>;
  readonly texts: Text[] = [];
  readonly receipts: Receipt[] = [];
  readonly changes: Change[] = [];
  readonly trace: string[] = [];
  token: string | undefined;
  resets = 0;
  credentials: Credentials | undefined;

  constructor(readonly who: { name: string; domain: string; password: string }) {
    this.client = createClient({
      url: clientUrl(page), userAgent: "live test", page,
      socket: (url) => new NodeSocket(url) as unknown as SocketLike,
    });
    this.client.on("text", (t) => this.texts.push(t));
    this.client.on("receipt", (r) => this.receipts.push(r));
    this.client.on("credentials", (c) => (this.credentials = c));
    this.client.on("trace", (t) => this.trace.push(`${t.kind} ${t.text}`));
  }

  sync(token?: string): void {
    this.client.sync.start({
      changes: (changes, next) => {
        this.changes.push(...changes);
        this.token = next;
      },
      reset: (next) => {
        this.resets++;
        this.token = next;
      },
    }, token);
  }

  async ready(): Promise<void> {
    await until(() => this.client.signal.registration.state === "open" && this.client.messages.store.state === "on");
  }
}

async function until(f: () => unknown, limit = 5000): Promise<void> {
  const end = Date.now() + limit;
  while (!f()) {
    if (Date.now() > end) throw new Error("it did not happen: " + f.toString());
    await new Promise((r) => setTimeout(r, 10));
  }
}

describe.skipIf(!pbx)("a running switch", () => {
  const [first = { name: "", domain: "", password: "" }, second = first] = people;
  const alice = new Person(first);
  const bob = new Person(second);
  const a = alice.client;
  const b = bob.client;

  beforeAll(async () => {
    alice.sync();
    bob.sync();
    const users = await Promise.all([a.signIn(first), b.signIn(second)]);
    expect(users.map((u) => u.sip)).toEqual([first.name, second.name]);
    await Promise.all([alice.ready(), bob.ready()]);
    await until(() => a.sync.current && b.sync.current);
  });

  afterAll(() => {
    a.stop();
    b.stop();
  });

  it("refuses a wrong password", async () => {
    const mallory = new Person({ ...first, password: "wrong" });
    const e = await mallory.client.signIn(mallory.who).catch((x: unknown) => x);
    expect(isProtocolError(e) && [e.kind, e.code]).toEqual(["login", "credentials"]);
    expect(mallory.client.login.state).toEqual({ state: "out", error: "credentials" });
    expect(mallory.client.line.state).toBe("down");
  });

  it("stores a text, delivers it, and tells both", async () => {
    const sent = await a.signal.send({ chat: second.name, data: "Hello <b>you</b>", ext: { mood: { a: 1 } } });
    expect(sent.mid).toBeGreaterThan(0);
    await until(() => bob.texts.some((t) => t.id === sent.id));
    const got = bob.texts.find((t) => t.id === sent.id);
    expect(got).toMatchObject({ chat: first.name, data: "Hello <b>you</b>", mid: sent.mid, sender: first.name, own: false, ext: { mood: { a: 1 } } });
    await until(() => alice.receipts.some((r) => r.state === "delivered" && r.mid === sent.mid));
    b.signal.read(first.name, { mid: sent.mid ?? 0 });
    await until(() => alice.receipts.some((r) => r.state === "read" && r.mid === sent.mid && r.sip === second.name));
    for (const p of [alice, bob]) await until(() => p.changes.some((c) => c.kind === "message" && c.message.cid === sent.id));
    // The same id again is answered and delivered to nobody.
    const again = await a.signal.send({ chat: second.name, id: sent.id, data: "other" });
    expect(again.mid).toBe(sent.mid);
    expect(bob.texts.filter((t) => t.id === sent.id)).toHaveLength(1);
  });

  it("long texts arrive whole", async () => {
    const data = "<p>äöü &amp; <i>x</i></p>".repeat(1200);
    const sent = await a.signal.send({ chat: second.name, data });
    await until(() => bob.texts.some((t) => t.id === sent.id));
    expect(bob.texts.find((t) => t.id === sent.id)?.data).toBe(data);
  });

  it("says why a text failed", async () => {
    const e = await a.signal.send({ chat: "nobody-of-that-name", data: "x" }).catch((x: unknown) => x);
    expect(isProtocolError(e) && [e.kind, e.number]).toEqual(["signal", 1]);
  });

  it("shows histories and chats", async () => {
    const chats = await b.messages.readChats();
    expect(chats.map((c) => c.sip)).toContain(first.name);
    const page = await b.messages.readChat(first.name, { count: 2 });
    expect(page.items).toHaveLength(2);
    expect(page.more).toBe(true);
    const older = await b.messages.readChat(first.name, { below: page.items[1]?.id ?? 0 });
    expect(older.items.every((m) => m.id < (page.items[1]?.id ?? 0))).toBe(true);
  });

  it("edits, reacts, pins, drafts, deletes, and tells everybody", async () => {
    const { mid = 0 } = await a.signal.send({ chat: second.name, data: "first" });
    await a.messages.update(mid, "second");
    await b.messages.react(mid, "👍", true);
    await a.messages.pin(mid, true);
    expect((await b.messages.readPins(first.name)).map((m) => m.id)).toContain(mid);
    await until(() => bob.changes.some((c) => c.kind === "edit" && c.message.id === mid && c.message.text === "second"));
    await until(() => alice.changes.some((c) => c.kind === "react" && c.id === mid && c.user === second.name && c.on));
    await a.messages.setDraft(second.name, "not yet");
    expect((await a.messages.readChats()).find((c) => c.sip === second.name)?.draft).toBe("not yet");
    await a.messages.setDraft(second.name, "");
    const marks = await a.messages.readMarks(mid);
    expect(marks.people.map((p) => p.sip)).toContain(second.name);
    await a.messages.delete(mid);
    await until(() => bob.changes.some((c) => c.kind === "delete" && c.id === mid));
    const e = await a.messages.update(999_999_999, "x").catch((x: unknown) => x);
    expect(isProtocolError(e) && e.kind).toBe("api");
  });

  it("tells who types", async () => {
    const told: boolean[] = [];
    const stop = b.on("typing", (t) => t.chat === first.name && told.push(t.on));
    a.signal.typing(second.name, true);
    await until(() => told.length === 1);
    a.signal.typing(second.name, false);
    await until(() => told.length === 2);
    expect(told).toEqual([true, false]);
    stop();
  });

  it("groups", async () => {
    const { sip } = await a.messages.createGroup("Team");
    await a.messages.invite(sip, second.name);
    await until(() => bob.changes.some((c) => c.kind === "member" && c.chat === sip && c.user === second.name));
    expect((await b.messages.readMembers(sip)).map((m) => [m.sip, m.role])).toEqual([[first.name, "owner"], [second.name, "member"]]);
    const { id } = await a.signal.send({ chat: sip, data: "hello all" });
    await until(() => bob.texts.some((t) => t.id === id && t.chat === sip && t.sender === first.name));
    await a.messages.setGroup(sip, { announce: true });
    const e = await b.signal.send({ chat: sip, data: "may I?" }).catch((x: unknown) => x);
    expect(isProtocolError(e) && e.number).toBe(57);
    await a.messages.mute(sip, second.name, Date.now() + 60_000);
    await a.messages.grant(sip, second.name, "admin");
    expect((await b.messages.readGroups()).find((g) => g.sip === sip)).toMatchObject({ dn: "Team", announce: true, role: "admin" });
    await b.messages.leave(sip);
    await a.messages.deleteGroup(sip);
  });

  it("uploads in pieces, attaches, and downloads", async () => {
    const bytes = new Uint8Array(1_500_000).map((_, i) => (i * 7) & 255);
    const up = a.files.upload(new Blob([bytes]), "data.bin");
    const seen: number[] = [];
    up.onState((s) => seen.push(s.done));
    const url = await up.done;
    expect(up.state).toMatchObject({ state: "done", done: bytes.length });
    expect(new Set(seen).size).toBeGreaterThan(2);
    const { id, mid = 0 } = await a.signal.send({ chat: second.name, data: "", attach: [url] });
    await until(() => bob.texts.some((t) => t.id === id));
    const attached = bob.texts.find((t) => t.id === id)?.attach[0] ?? "";
    const progress: number[] = [];
    const got = await b.files.download(attached, { progress: (n) => progress.push(n) });
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
    expect(progress.at(-1)).toBe(bytes.length);
    const [file] = await b.messages.attachments(mid);
    expect(file?.name).toBe("data.bin");
    const stored = await b.files.download("http://127.0.0.1:1/none", { refresh: () => Promise.resolve(file?.url ?? "") }).catch((x: unknown) => x);
    expect(isProtocolError(stored) && stored.code).toBe("unreachable");
    expect((await b.files.download((file?.url ?? "") + "0", { refresh: () => Promise.resolve(file?.url ?? "") })).size).toBe(bytes.length);
    expect(thumbUrl(url)).toContain("&v=thumb");
  });

  it("goes on with an upload after a reload", async () => {
    const file = new Blob([new Uint8Array(3_000_000).fill(7)]);
    const up = a.files.upload(file, "big.bin");
    await new Promise<void>((resolve) => up.onState((s) => s.done > 0 && resolve()));
    up.pause();
    expect(up.state.state).toBe("paused");
    const token = up.token;
    const again = a.files.upload(file, "big.bin", token);
    const starts: number[] = [];
    again.onState((s) => s.state === "running" && starts.push(s.done));
    expect(await again.done).toBe(token?.url);
    expect(Math.max(...starts.slice(0, 2))).toBeGreaterThan(0);
    up.cancel();
    expect((await up.done.catch((e: unknown) => e)) instanceof Error).toBe(true);
  });

  it("posts in topics", async () => {
    const sip = `${first.name}?notes`;
    const topic = await a.posts.writeTopic(sip, "Notes");
    expect((await a.posts.readTopics()).find((t) => t.id === topic)).toEqual({ id: topic, sip, dn: "Notes" });
    const seen: string[] = [];
    const list = a.posts.filter({ topics: [sip] }, (p) => seen.push(`${p.text} ${p.likes}`));
    await list.ready;
    const p = await a.posts.post({ topic: sip, text: "buy milk", tags: ["todo"] });
    await until(() => seen.includes("buy milk 0"));
    await a.posts.post({ topic: sip, text: "and bread", repliesTo: p.id, silent: list });
    await a.posts.like(p.id, true);
    const all: string[] = [];
    const discussion = a.posts.discussion(p.discussion, (x) => all.push(`${x.text} ${x.likes}`));
    await discussion.ready;
    expect(all).toEqual(["and bread 0", "buy milk 1"]);
    all.length = 0;
    await discussion.more({ timestamp: p.timestamp + 1, id: 0 });
    expect(all).toEqual(["buy milk 1"]);
    discussion.stop();
    list.stop();
    await a.posts.deleteTopic(topic);
  });

  it("shows presence", async () => {
    const states: string[] = [];
    const stop = a.presence.watch(second.name, (p) => states.push(p.state + p.note));
    await until(() => states.includes("available"));
    b.presence.setOwn("dnd", "later");
    await until(() => states.includes("dndlater"));
    await until(() => b.presence.own.activity === "dnd");
    b.presence.setOwn("", "");
    await until(() => states.at(-1) === "available");
    stop();
  });

  it("finds people, and keeps favourites", async () => {
    const found = await a.people.search(second.name.slice(0, 2).toUpperCase());
    expect(found.people.map((p) => p.sip)).toContain(second.name);
    const page = await a.people.search("", { count: 1 });
    expect(page.people).toHaveLength(1);
    expect((await a.people.search("", { count: 1, after: page.next ?? "" })).people[0]?.sip).not.toBe(page.people[0]?.sip);
    let list: readonly { readonly id: number; readonly sip?: string }[] | undefined;
    const stop = a.people.contacts((c) => (list = c));
    await until(() => list !== undefined);
    const id = await b.people.addContact({ sip: first.name, dn: "A" });
    const own = await a.people.addContact({ sip: second.name, dn: "B" });
    await until(() => list?.some((c) => c.id === own && c.sip === second.name));
    await a.people.deleteContact(own);
    await until(() => !list?.some((c) => c.id === own));
    await b.people.deleteContact(id);
    stop();
  });

  it("comes back after a loss, resumed, with exactly what was missed", async () => {
    const before = bob.changes.length;
    const credentials = bob.credentials;
    if (!credentials) throw new Error("no credentials");
    b.stop();
    await until(() => b.line.state === "down");
    const { id } = await a.signal.send({ chat: second.name, data: "while you were away" });
    const user = await b.resume(credentials);
    expect(user.sip).toBe(second.name);
    await until(() => b.sync.current);
    const missed = bob.changes.slice(before);
    expect(missed.filter((c) => c.kind === "message" && c.message.cid === id)).toHaveLength(1);
    const ns = bob.changes.filter((c) => c.kind !== "mark").map((c) => c.n);
    expect(new Set(ns).size).toBe(ns.length);
    // Another client with the token of this one is told nothing that was told.
    await bob.ready();
    const other = new Person(second);
    other.sync(bob.token);
    await other.client.resume(credentials);
    await until(() => other.client.sync.current);
    expect(other.resets).toBe(0);
    expect(other.changes.filter((c) => c.kind !== "mark")).toEqual([]); // a mark may just have been made
    other.client.stop();
  });

  it("ends sessions elsewhere", async () => {
    const other = new Person(second);
    await other.client.signIn(second);
    const ended = new Promise((resolve) => other.client.on("login", (s) => s.state === "out" && resolve(s)));
    await until(() => b.login.sessions.length > 1);
    const id = other.credentials?.id ?? "";
    b.login.deleteSession(id);
    expect(await ended).toEqual({ state: "out", error: "revoked" });
    expect(other.credentials).toBeUndefined();
    await until(() => !b.login.sessions.some((s) => s.id === id));
  });

  it("keeps secrets out of traces, and finds no fault in what the switch says", async () => {
    const trace = [...alice.trace, ...bob.trace].join("\n");
    expect(trace).toContain('"mt":"LoginResult"');
    for (const secret of [first.password, second.password, bob.credentials?.password ?? "-"]) expect(trace).not.toContain(secret);
    expect(trace).not.toMatch(/"(response|digest|usr|pwd)":"(?!\*\*\*)/);
    expect(trace).not.toMatch(/[?&][tk]=[0-9a-f]/);
    expect([...a.faults, ...b.faults]).toEqual([]);
    await b.signOut();
    expect(b.login.state).toEqual({ state: "out" });
    expect(bob.credentials).toBeUndefined();
  });
});
