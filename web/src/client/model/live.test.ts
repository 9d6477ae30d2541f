// The model at a real switch, which the test starts, stops and starts again:
//   go build -o bin/pbx ./cmd/pbx
//   TANDEM_PBX_PROGRAM=$PWD/bin/pbx npx vitest run src/client/model/live.test.ts
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { clientUrl, createClient, type SocketLike } from "../../protocol/index.ts";
import { createModel } from "./index.ts";
import { TestBrowser, until } from "./testkit.ts";
import type { Conversation, Message, Model } from "./types.ts";

const program = process.env["TANDEM_PBX_PROGRAM"];

class Switch {
  private readonly data = mkdtempSync(join(tmpdir(), "tandem-model-"));
  private child: ChildProcess | undefined;
  readonly passwords = new Map<string, string>();
  port = 0;

  async start(): Promise<void> {
    this.port ||= await freePort();
    const args = ["serve", "--demo", "--data", join(this.data, "d"), "--listen", this.url];
    const child = spawn(program ?? "", args, { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    let out = "";
    const hear = (b: Buffer): void => {
      out += b.toString();
      for (const [, name = "", password = ""] of out.matchAll(/^ {2}(\w+) +\d+ +password (\S+)$/gm)) {
        this.passwords.set(name, password);
      }
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    await until(() => out.includes("msg=ready") && this.passwords.has("carol"), "the switch is ready", 20_000);
  }

  /** Administers the data that the server has open. */
  run(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(program ?? "", [...args, "--data", join(this.data, "d")], (e, out, err) => (e === null ? resolve(out) : reject(new Error(err))));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((r) => child.once("exit", r));
      child.kill("SIGTERM");
      await ended;
    }
  }

  remove(): void {
    rmSync(this.data, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address() as AddressInfo;
      s.close(() => resolve(port));
    });
  });
}

type Opened = Model & { close(): Promise<void> };

describe.skipIf(program === undefined)("a running switch", { timeout: 70_000 }, () => {
  const pbx = new Switch();
  const models: Opened[] = [];

  function tab(platform = new TestBrowser().tab()): Opened {
    const m = createModel({
      platform: Object.assign(platform, { origin: pbx.url }), url: clientUrl(pbx.url),
      client: (o) => createClient({ ...o, socket: (url) => new NodeSocket(url) as unknown as SocketLike }),
    });
    models.push(m);
    return m;
  }

  async function enter(name: string, platform = new TestBrowser().tab()): Promise<Opened> {
    const m = tab(platform);
    await m.enter("demo.example", name, pbx.passwords.get(name) ?? "", true);
    expect(m.signIn.value).toEqual({ step: "in" });
    await until(() => m.line.value.state === "up" && m.line.value.store === "on");
    return m;
  }

  const texts = (c: Conversation): string[] => c.messages.value.map((m) => m.html);
  const named = (c: Conversation, html: string): Message | undefined => c.messages.value.find((m) => m.html === html);

  let alice: Opened;
  let bob: Opened;
  let toBob: Conversation;
  let toAlice: Conversation;

  beforeAll(async () => {
    await pbx.start();
    [alice, bob] = await Promise.all([enter("alice"), enter("bob")]);
    toBob = alice.open("bob");
    toAlice = bob.open("alice");
    await until(() => toBob.atEnd.value && toAlice.atEnd.value);
  }, 40_000);

  afterAll(async () => {
    await Promise.all(models.map((m) => m.close()));
    await pbx.stop();
    pbx.remove();
  }, 40_000);

  it("refuses a wrong password", async () => {
    const m = tab();
    await m.enter("demo.example", "alice", "wrong", false);
    expect(m.signIn.value).toMatchObject({ step: "out", error: { code: "credentials" }, name: "alice" });
  });

  it("passes texts, receipts and typing on", async () => {
    toBob.send({ html: "one" });
    toBob.send({ html: "<b>two</b>" });
    expect(texts(toBob)).toEqual(["one", "<b>two</b>"]);
    expect(named(toBob, "one")?.state).toBe("waiting");
    await until(() => texts(toAlice).join() === "one,<b>two</b>");
    await until(() => named(toBob, "<b>two</b>")?.state === "delivered");
    const last = await until(() => named(toAlice, "<b>two</b>")?.id);
    expect(bob.chats.value[0]).toMatchObject({ name: "alice", unread: 2, last: { text: "two", own: false } });
    toAlice.read(last);
    await until(() => named(toBob, "one")?.state === "read" && named(toBob, "<b>two</b>")?.state === "read");
    await until(() => bob.unread.value.count === 0);
    toAlice.typing(true);
    await until(() => alice.chats.value[0]?.typing.length === 1);
    toAlice.send({ html: "three" });
    await until(() => texts(toBob).at(-1) === "three" && alice.chats.value[0]?.typing.length === 0);
    expect(alice.line.value.waiting).toBe(0);
  });

  it("edits, reacts, pins, answers and deletes", async () => {
    const id = await until(() => named(toBob, "one")?.id);
    await toBob.edit(id, "<i>uno</i>");
    await until(() => named(toAlice, "<i>uno</i>")?.edited);
    await toAlice.react(id, "👍", true);
    await until(() => named(toBob, "<i>uno</i>")?.reactions[0]?.count === 1);
    expect(named(toBob, "<i>uno</i>")?.reactions[0]).toMatchObject({ emoji: "👍", own: false, people: ["Bob"] });
    await toAlice.react(id, "👍", false);
    await until(() => named(toBob, "<i>uno</i>")?.reactions.length === 0);
    await toBob.pin(id, true);
    await until(() => toAlice.pins.value.length === 1 && named(toAlice, "<i>uno</i>")?.pinned);
    toAlice.send({ html: "an answer", reply: id, mentions: ["alice"] });
    const answer = await until(() => named(toBob, "an answer"));
    expect(answer).toMatchObject({ quote: { id, text: "uno" }, mentioned: true });
    await toBob.remove(id);
    await until(() => toAlice.messages.value.find((m) => m.id === id)?.deleted);
    expect(await toBob.readers(answer.id ?? 0)).toMatchObject([{ person: { sip: "alice" } }]);
    await expect(toAlice.edit(id, "no")).rejects.toThrow(/\.$/);
  });

  it("sends files, with voice and its wave", async () => {
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    toBob.send({ html: "", files: [{ file: new Blob([png], { type: "image/png" }), name: "dot.png" }, { file: new Blob(["a plan"], { type: "text/plain" }), name: "plan.txt" }] });
    expect(toBob.messages.value.at(-1)?.uploads).toHaveLength(2);
    const got = await until(() => toAlice.messages.value.find((m) => m.attached.length === 2));
    const thumb = await until(() => toAlice.messages.value.find((m) => m.attached[0]?.thumb !== undefined)?.attached[0], "a thumbnail");
    expect((await bob.file({ ...thumb, url: thumb.thumb ?? "" })).type).toMatch(/^image\//);
    const mine = await until(() => toBob.messages.value.find((m) => m.attached.length === 2)?.attached[0]);
    expect(mine.thumb).toMatch(/^blob:/);
    expect((await alice.file({ ...mine, url: mine.thumb ?? "" })).size).toBe(png.length);
    expect(got.attached[0]).toMatchObject({ name: "dot.png", type: "image/png" });
    const plan = toAlice.messages.value.find((m) => m.attached.length === 2)?.attached[1];
    expect(plan).toMatchObject({ name: "plan.txt" });
    expect(await (await bob.file(plan ?? { url: "", name: "", type: "" })).text()).toBe("a plan");
    toAlice.send({ html: "", files: [{ file: new Blob(["not a voice"], { type: "audio/ogg" }), name: "voice.ogg", duration: 1500, wave: [0, 0.5, 1] }] });
    await until(() => toBob.messages.value.find((m) => m.attached[0]?.wave?.join() === "0,0.5,1"));
    const found = await toBob.attachments("file");
    expect(found.map((f) => f.attachment.name)).toContain("plan.txt");
  });

  it("passes files on without sending them again", async () => {
    const m = await until(() => toAlice.messages.value.find((x) => x.attached.some((a) => a.name === "plan.txt")));
    const plan = m.attached.filter((a) => a.name === "plan.txt");
    const toCarol = bob.open("carol");
    toCarol.send({ html: "", forwarded: "Alice", attached: plan });
    const sent = await until(() => toCarol.messages.value.find((x) => x.state === "sent" || x.state === "failed"));
    expect(sent).toMatchObject({ state: "sent", forwarded: "Alice", attached: [{ name: "plan.txt" }] });
    const carol = await enter("carol");
    const fromBob = carol.open("bob");
    const got = await until(() => fromBob.messages.value[0]?.attached[0]);
    expect(await (await carol.file(got)).text()).toBe("a plan");
    await carol.close();
  });

  it("makes groups", async () => {
    const chat = await alice.groups.create("Cake", ["bob", "carol"], false);
    const inBob = await until(() => bob.chats.value.find((c) => c.name === chat && c.group?.count === 3));
    expect(inBob).toMatchObject({ title: "Cake", group: { role: "member", mayWrite: true } });
    const a = alice.open(chat);
    const b = bob.open(chat);
    await until(() => a.atEnd.value && b.atEnd.value);
    a.send({ html: "who brings cake?", mentions: ["bob"] });
    const m = await until(() => named(b, "who brings cake?"));
    expect(m).toMatchObject({ mentioned: true, author: { sip: "alice", dn: "Alice" } });
    b.read(m.id ?? 0);
    await until(() => named(a, "who brings cake?")?.readBy === 1);
    expect((await a.members()).members.map((x) => [x.person.sip, x.role])).toEqual([["alice", "owner"], ["bob", "member"], ["carol", "member"]]);
    await alice.groups.change(chat, { title: "Pie", announce: true });
    await until(() => bob.chats.value.find((c) => c.name === chat)?.group?.mayWrite === false);
    expect(bob.chats.value.find((c) => c.name === chat)?.title).toBe("Pie");
    b.send({ html: "I may not" });
    await until(() => named(b, "I may not")?.state === "failed");
    expect(named(b, "I may not")?.error).toBe("You may not write here.");
    b.cancel(named(b, "I may not")?.key ?? "");
    expect(named(b, "I may not")).toBeUndefined();
    await bob.groups.leave(chat);
    await until(() => !bob.chats.value.some((c) => c.name === chat && c.last === undefined));
    a.close();
    b.close();
  });

  it("finds people and messages", async () => {
    expect((await alice.people("car")).people.map((p) => p.sip)).toEqual(["carol"]);
    toBob.send({ html: "a needle in the hay" });
    const hit = await until2(async () => (await alice.search("needle")).hits[0]);
    expect(hit).toMatchObject({ chat: "bob", author: "Alice", text: "a needle in the hay", marks: [[2, 8]] });
    expect(await toBob.jump({ id: hit.id })).toBe(named(toBob, "a needle in the hay")?.key);
  });

  it("keeps what is written offline and sends it once, in order, after a restart of the switch", async () => {
    const browser = new TestBrowser();
    const first = browser.tab();
    const carol = await enter("carol", first);
    const c = carol.open("alice");
    await until(() => c.atEnd.value);
    await pbx.stop();
    await until(() => carol.line.value.state !== "up");
    c.send({ html: "written in the dark" });
    c.send({ html: "and more" });
    toBob.send({ html: "bob too" });
    await until(() => carol.line.value.waiting === 2);
    await carol.close();
    // The page is loaded again, still without a line.
    const again = tab(browser.tab(first.session));
    await until(() => again.signIn.value.step === "in");
    const d = again.open("alice");
    expect(texts(d)).toEqual(["written in the dark", "and more"]);
    await pbx.start();
    [alice, bob, again].forEach((m) => m.retryLine());
    await until(() => again.line.value.state === "up" && again.line.value.waiting === 0, "carol is back", 30_000);
    const fromCarol = alice.open("carol");
    await until(() => texts(fromCarol).join() === "written in the dark,and more");
    await until(() => texts(toAlice).filter((t) => t === "bob too").length === 1);
    await until(() => named(d, "and more")?.state === "delivered");
    expect(texts(d)).toEqual(["written in the dark", "and more"]);
  });

  it("ends other sessions", async () => {
    const other = await enter("alice");
    const before = other.sessions.value.length;
    expect(other.sessions.value.filter((x) => x.current)).toHaveLength(1);
    const id = await until(() => other.sessions.value.find((x) => x.current)?.id);
    await until(() => alice.sessions.value.some((x) => x.id === id));
    alice.revoke(id);
    await until(() => other.signIn.value.step === "out");
    expect(other.signIn.value).toMatchObject({ error: { code: "revoked" }, name: "alice" });
    await until(() => alice.sessions.value.length < before && !alice.sessions.value.some((x) => x.id === id));
  });

  it("waits for the second factor, which another session allows or refuses", async () => {
    await pbx.run("user", "set", "alice@demo.example", "--second-factor");
    try {
      for (const allowed of [true, false]) {
        const other = tab();
        const entering = other.enter("demo.example", "alice", pbx.passwords.get("alice") ?? "", false);
        const step = await until(() => (other.signIn.value.step === "second-factor" ? other.signIn.value : undefined));
        const waits = await until(() => alice.sessions.value.find((x) => x.code !== undefined));
        expect(waits.code).toBe(step.code);
        if (allowed) {
          alice.authorize(waits.id);
        } else {
          alice.revoke(waits.id);
        }
        await entering;
        expect(other.signIn.value).toMatchObject(allowed ? { step: "in" } : { step: "out", error: { code: "refused" } });
        await until(() => alice.sessions.value.every((x) => x.code === undefined));
      }
    } finally {
      await pbx.run("user", "set", "alice@demo.example", "--no-second-factor");
    }
  });

  it("goes on without a store, and with it again", async () => {
    await Promise.all(["alice", "bob"].map((p) => pbx.run("user", "set", `${p}@demo.example`, "--messages-object", ":none")));
    await until(() => alice.line.value.store === "off" && bob.line.value.store === "off", "the store is off", 30_000);
    expect(toBob.chat.value?.volatile).toBe(true);
    toBob.send({ html: "in the air" });
    await until(() => named(toBob, "in the air")?.state === "delivered");
    expect(named(toAlice, "in the air")?.id).toBeUndefined();
    toAlice.read(0);
    await until(() => named(toBob, "in the air")?.state === "read");
    await Promise.all(["alice", "bob"].map((p) => pbx.run("user", "set", `${p}@demo.example`, "--messages-object", "")));
    await until(() => alice.line.value.store === "on" && bob.line.value.store === "on", "the store is on (it is asked every 30 s)", 45_000);
    toAlice.send({ html: "on paper" });
    await until(() => named(toBob, "on paper")?.id);
    expect(texts(toBob).slice(-2)).toEqual(["in the air", "on paper"]);
  });

  async function until2<T>(f: () => Promise<T | undefined>): Promise<T> {
    for (let n = 0; n < 100; n++) {
      const v = await f();
      if (v !== undefined) {
        return v;
      }
      await new Promise((r) => setTimeout(r, 50));
    }
    throw new Error("it did not happen");
  }
});
