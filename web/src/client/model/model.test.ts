// The model against a switch in memory: FakeServer keeps the rules of the real one.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeClient } from "./fakeclient.ts";
import { FakeServer } from "./fakeserver.ts";
import type { Talk } from "./conversation.ts";
import { createModel } from "./index.ts";
import { chance } from "./chance.ts";
import { openStore } from "./store.ts";
import { TestBrowser } from "./testkit.ts";
import type { Conversation, Message, Model, Notice } from "./types.ts";

type Opened = Model & { close(): Promise<void>; client: FakeClient; notices: Notice[] };

vi.setConfig({ testTimeout: 30_000 }); // a busy machine; no test waits by the clock

let server: FakeServer;
let models: Opened[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"], now: 1_800_000_000_000 });
  server = new FakeServer("alice", "bob", "carol", "__proto__", "constructor");
  models = [];
});

afterEach(async () => {
  await Promise.all(models.map((m) => m.close()));
  vi.useRealTimers();
});

/** Lets everything happen that is not waiting for a clock; the database answers by setImmediate. */
async function settle(ms = 0): Promise<void> {
  for (let n = 0; n < 6; n++) {
    for (let k = 0; k < 12; k++) {
      await new Promise((r) => setImmediate(r));
    }
    await vi.advanceTimersByTimeAsync(n === 0 ? ms : 0);
  }
}

function page(platform = new TestBrowser().tab(), before?: (c: FakeClient) => void): Opened {
  const client = new FakeClient(server);
  before?.(client);
  const m = createModel({ platform, client: () => client });
  const notices: Notice[] = [];
  m.onNotice((n) => notices.push(n));
  const opened = Object.assign(m, { client, notices });
  models.push(opened);
  return opened;
}

async function enter(name: string, platform = new TestBrowser().tab(), remember = true): Promise<Opened> {
  const m = page(platform);
  void m.enter("example.com", name, "secret", remember);
  await settle();
  expect(m.signIn.value).toEqual({ step: "in" });
  return m;
}

async function chat(m: Model, name: string): Promise<Conversation> {
  const c = m.open(name);
  await settle();
  return c;
}

const texts = (c: Conversation): string[] => c.messages.value.map((m) => m.html);
const named = (c: Conversation, html: string): Message => {
  const m = c.messages.value.find((x) => x.html === html);
  expect(m, html).toBeDefined();
  return m as Message;
};
const names = (m: Model): string[] => m.chats.value.map((c) => c.name);
const row = (m: Model, name: string) => m.chats.value.find((c) => c.name === name);
const fill = (n: number, from = "bob", to = "alice"): void => {
  for (let i = 1; i <= n; i++) {
    vi.setSystemTime(Date.now() + 1000);
    server.write(from, to, `m${i}`);
  }
};

describe("signing in", () => {
  it("tells a wrong password, and nothing is kept", async () => {
    const tab = new TestBrowser().tab();
    const m = page(tab);
    await m.enter("example.com", "alice", "wrong", true);
    expect(m.signIn.value).toEqual({ step: "out", domain: "example.com", name: "alice", error: { code: "credentials" } });
    expect(tab.local?.length).toBe(0);
  });

  it("keeps the session where the person asked for it, and never the password", async () => {
    for (const remember of [true, false]) {
      const tab = new TestBrowser().tab();
      await enter("alice", tab, remember);
      const all = JSON.stringify([tab.local?.getItem("tandem.session"), tab.session.getItem("tandem.session")]);
      expect(tab.local?.getItem("tandem.session") !== null).toBe(remember);
      expect(tab.session.getItem("tandem.session") !== null).toBe(!remember);
      expect(all).not.toContain("secret");
    }
  });

  it("resumes after a reload, and shows what it has when the switch cannot be reached", async () => {
    const browser = new TestBrowser();
    const first = await enter("alice", browser.tab());
    fill(2);
    await settle(11_000);
    await first.close();
    const m = page(browser.tab(), (c) => (c.unreachable = true));
    expect(m.signIn.value).toEqual({ step: "busy", resumed: true });
    await settle(3000);
    expect(m.signIn.value).toEqual({ step: "in" });
    expect(m.line.value.state).toBe("down");
    expect(row(m, "bob")).toMatchObject({ unread: 2, last: { text: "m2" } });
  });

  it("has the list and what was read of a chat right after a reload, and the truth when the line is back", async () => {
    const browser = new TestBrowser();
    fill(60);
    const first = await enter("alice", browser.tab());
    await chat(first, "bob");
    await settle(1100);
    // The page goes without a word: nothing is closed.
    const m = page(browser.tab(), (c) => (c.unreachable = true));
    await settle(3000);
    expect(row(m, "bob")).toMatchObject({ last: { text: "m60" } });
    const c = await chat(m, "bob");
    expect(c.kept.value).toBe(true);
    expect(texts(c)).toEqual(Array.from({ length: 50 }, (_, i) => `m${i + 11}`));
    expect(c.atStart.value).toBe(false);
    c.send({ html: "written without a line" });
    await settle();
    expect(texts(c).at(-1)).toBe("written without a line");
    server.write("bob", "alice", "m61");
    m.client.unreachable = false;
    m.retryLine();
    await settle(40_000);
    expect(m.line.value.state).toBe("up");
    expect(c.kept.value).toBe(false);
    expect(texts(c).filter((x) => x.startsWith("m6"))).toEqual(["m60", "m61"]);
    expect(c.messages.value.filter((x) => x.html === "written without a line")).toHaveLength(1);
  });

  it("keeps no texts of a chat after the session ends, or where one does not stay signed in", async () => {
    for (const how of ["sign-out", "revoked", "not remembered"]) {
      const browser = new TestBrowser();
      fill(3);
      const tab = browser.tab();
      const m = await enter("alice", tab, how !== "not remembered");
      await chat(m, "bob");
      await settle(1100);
      if (how === "sign-out") {
        await m.leave();
      } else if (how === "revoked") {
        m.client.revoke();
      }
      await settle(2000);
      const store = await openStore(tab.indexedDB, "tandem/example.com/alice");
      expect(store.durable, how).toBe(true);
      expect(await store.part("bob"), how).toBeUndefined();
      expect(await store.rows(), how).toEqual([]);
      store.close();
    }
  });

  it("does not keep what was deleted since", async () => {
    const browser = new TestBrowser();
    fill(3);
    const tab = browser.tab();
    const m = await enter("alice", tab);
    const c = await chat(m, "bob");
    await settle(1100);
    const id = named(c, "m2").id ?? 0;
    c.close();
    const bob = await enter("bob");
    const theirs = await chat(bob, "alice");
    await theirs.remove(id);
    await settle(1100);
    const store = await openStore(tab.indexedDB, "tandem/example.com/alice");
    const part = await store.part("bob");
    expect(part?.entries.map((e) => e.html)).toEqual(["m1", "", "m3"]);
    store.close();
  });

  it("is out when another session ends it, and what waits stays for the next time", async () => {
    const tab = new TestBrowser().tab();
    const m = await enter("alice", tab);
    const c = await chat(m, "bob");
    m.client.down();
    c.send({ html: "later" });
    await settle();
    m.client.revoke();
    await settle();
    expect(m.signIn.value).toMatchObject({ step: "out", error: { code: "revoked" } });
    expect(tab.local?.getItem("tandem.session")).toBeNull();
    await m.enter("example.com", "alice", "secret", true);
    await settle();
    expect(server.history("alice", "bob").map((x) => x.text)).toEqual(["later"]);
  });

  it.each([
    ["expired", "expired", false],
    ["revoked", "revoked", false],
    ["temporary", "unreachable", true],
    ["line", "unreachable", true],
  ] as const)("forgets a kept session only when it has ended (%s)", async (code, error, kept) => {
    const browser = new TestBrowser();
    await (await enter("alice", browser.tab())).close();
    const m = page(browser.tab(), (c) => (c.refuses = code));
    await settle();
    expect(m.signIn.value).toEqual({ step: "out", domain: "example.com", name: "alice", error: { code: error } });
    expect(browser.local.getItem("tandem.session") !== null).toBe(kept);
  });

  it("leaves nothing in the browser", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    const other = page(browser.tab());
    await settle();
    (await chat(m, "bob")).setDraft("secret thoughts");
    m.setPinned("bob", true);
    await settle(5000);
    void m.leave();
    await settle(5000);
    expect(m.signIn.value).toEqual({ step: "out", domain: "example.com", name: "alice" });
    expect(other.signIn.value.step).toBe("out");
    expect(browser.local.length).toBe(0);
    expect(await browser.indexedDB.databases()).toEqual([]);
    expect(m.chats.value).toEqual([]);
  });
});

describe("the list", () => {
  it("counts what is unread once, however often it is told", async () => {
    fill(3);
    const m = await enter("alice");
    expect(row(m, "bob")).toMatchObject({ unread: 3, title: "Bob", last: { text: "m3", own: false, sender: "Bob" } });
    fill(1);
    vi.setSystemTime(Date.now() + 1000);
    server.write("carol", "alice", "hi");
    await settle();
    expect(m.unread.value).toEqual({ count: 5, chats: 2, mentions: 0 });
    expect(names(m)).toEqual(["carol", "bob"]);
    m.client.down();
    vi.setSystemTime(Date.now() + 1000);
    server.write("bob", "alice", "while away");
    m.client.up();
    await settle();
    expect(row(m, "bob")).toMatchObject({ unread: 5, last: { text: "while away" } });
    expect(names(m)).toEqual(["bob", "carol"]);
  });

  it("clears the badge in other tabs and devices", async () => {
    fill(3);
    const browser = new TestBrowser();
    const here = await enter("alice", browser.tab());
    const tab = page(browser.tab());
    const device = await enter("alice");
    await settle();
    const c = await chat(here, "bob");
    c.read(named(c, "m2").id ?? 0);
    await settle(1000);
    for (const m of [here, tab, device]) {
      expect(row(m, "bob")?.unread).toBe(1);
    }
    c.read(named(c, "m3").id ?? 0);
    expect(here.unread.value.count).toBe(1);
    await settle(1000);
    for (const m of [here, tab, device]) {
      expect(m.unread.value).toEqual({ count: 0, chats: 0, mentions: 0 });
    }
    expect(server.marked("alice", server.room("alice", "bob"), "read")).toBe(named(c, "m3").id);
  });

  it("tells what was read without a line as soon as there is one", async () => {
    fill(2);
    const m = await enter("alice");
    const c = await chat(m, "bob");
    m.client.down();
    c.read(named(c, "m2").id ?? 0);
    await settle(1000);
    expect(m.unread.value.count).toBe(0);
    m.client.up();
    await settle(1000);
    expect(m.unread.value.count).toBe(0);
    expect(server.chats("alice")[0]?.unread).toBe(0);
  });

  it("counts mentions, also in groups that are muted", async () => {
    const g = server.group("Team", "bob", "alice");
    server.write("bob", g, "hey", { mentions: ["alice"] });
    server.write("bob", g, "all");
    const m = await enter("alice");
    await settle();
    expect(row(m, g)).toMatchObject({ unread: 2, mentions: 1, title: "Team" });
    m.setMuted(g, true);
    expect(m.unread.value).toEqual({ count: 1, chats: 1, mentions: 1 });
    server.write("bob", g, "again", { mentions: ["alice", "bob"] });
    await settle();
    expect(m.unread.value).toEqual({ count: 2, chats: 1, mentions: 2 });
  });

  it("keeps pins on top, on this device and in its tabs", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    const tab = page(browser.tab());
    server.write("bob", "alice", "1");
    vi.setSystemTime(Date.now() + 1000);
    server.write("carol", "alice", "2");
    await settle();
    m.setPinned("bob", true);
    await settle();
    expect(names(m)).toEqual(["bob", "carol"]);
    expect(names(tab)).toEqual(["bob", "carol"]);
    expect(row(tab, "bob")?.pinned).toBe(true);
  });

  it("takes hostile names as names", async () => {
    server.names.set("eve", "\u202e\u200b");
    server.names.set("long", "n".repeat(10_000));
    for (const name of ["__proto__", "constructor", "eve", "long"]) {
      server.write(name, "alice", "<b>hi</b>");
    }
    const m = await enter("alice");
    expect(new Set(names(m))).toEqual(new Set(["__proto__", "constructor", "eve", "long"]));
    expect(row(m, "eve")?.title).toBe("eve");
    expect(row(m, "long")?.title.length).toBeLessThanOrEqual(200);
    m.setPinned("__proto__", true);
    m.setMuted("constructor", true);
    expect(row(m, "__proto__")).toMatchObject({ title: "__proto__", pinned: true, muted: false });
    const c = await chat(m, "__proto__");
    c.send({ html: "x", mentions: ["constructor"] });
    await settle();
    expect(server.history("alice", "__proto__").at(-1)).toMatchObject({ text: "x", ext: { mentions: ["constructor"] } });
    expect(({} as Record<string, unknown>)["pinned"]).toBeUndefined();
  });

  it("moves one row of 5,000 without touching the others", async () => {
    for (let n = 0; n < 5000; n++) {
      server.names.set(`u${n}`, `User ${n}`);
      server.write(`u${n}`, "alice", "hi");
      vi.setSystemTime(Date.now() + 1);
    }
    const m = await enter("alice");
    expect(m.chats.value).toHaveLength(5000);
    const before = new Map(m.chats.value.map((c) => [c.name, c]));
    for (let n = 0; n < 200; n++) {
      server.write(`u${n}`, "alice", "again");
      await Promise.resolve();
      await Promise.resolve();
    }
    await settle(100); // 200 in one moment are a flood: see pace.ts
    expect(m.chats.value.filter((c) => before.get(c.name) !== c)).toHaveLength(200);
    expect(m.unread.value.count).toBe(5200);
  });
});

describe("a conversation", () => {
  it("loads pages without gaps, jumps, and comes back", async () => {
    fill(230);
    const m = await enter("alice");
    row(m, "bob");
    server.mark("alice", server.room("alice", "bob"), 230, "read");
    await settle();
    const c = await chat(m, "bob");
    expect(texts(c)).toEqual(range(181, 230));
    await Promise.all([c.older(), c.older()]);
    expect(texts(c)).toEqual(range(131, 230));
    await c.jump({ id: 10 });
    expect(texts(c)).toEqual(range(1, 59));
    expect([c.atStart.value, c.atEnd.value]).toEqual([true, false]);
    server.write("bob", "alice", "new");
    await settle();
    expect(texts(c)).toEqual(range(1, 59));
    for (let n = 0; n < 4; n++) {
      await c.newer();
    }
    expect(texts(c)).toEqual([...range(1, 230), "new"]);
    expect(c.atEnd.value).toBe(true);
    const at = named(c, "m100");
    await c.jump({ id: 1 });
    expect(await c.jump({ time: at.time - 1 })).toBe(at.key);
    await c.newest();
    expect(texts(c).at(-1)).toBe("new");
    expect(c.messages.value).toHaveLength(50);
  });

  it("opens at the first unread message when there are many", async () => {
    fill(200);
    server.mark("alice", server.room("alice", "bob"), 20, "read");
    const m = await enter("alice");
    const c = await chat(m, "bob");
    expect(c.firstUnread.value).toEqual({ id: 21, count: 180 });
    expect(texts(c)).toEqual(range(1, 70));
    expect(c.atEnd.value).toBe(false);
  });

  it("holds at most 1,000 messages and loads again what it dropped", async () => {
    fill(1300);
    server.mark("alice", server.room("alice", "bob"), 1300, "read");
    const m = await enter("alice");
    const c = await chat(m, "bob");
    while (!c.atStart.value) {
      await c.older();
    }
    expect(c.messages.value).toHaveLength(1000);
    expect([texts(c)[0], c.atEnd.value]).toEqual(["m1", false]);
    await c.newer();
    expect([texts(c)[0], texts(c).at(-1), c.atStart.value]).toEqual(["m51", "m1050", false]);
  });

  it("does not lose what comes while a page is on its way", async () => {
    fill(60);
    const m = await enter("alice");
    server.mark("alice", server.room("alice", "bob"), 60, "read");
    await settle();
    let open: () => void = () => undefined;
    m.client.gate = new Promise((r) => (open = r));
    const c = m.open("bob");
    await settle();
    server.write("bob", "alice", "in between");
    server.update(60, "edited");
    server.remove(59, "bob");
    await settle();
    open();
    await settle();
    expect(texts(c).slice(-3)).toEqual(["", "edited", "in between"]);
    expect(c.messages.value.at(-3)?.deleted).toBe(true);
  });

  it.each([1, 2, 3, 4, 5, 6])("equals a part of the true history, whatever happens (%i)", async (seed) => {
    const pick = chance(seed);
    fill(pick(150));
    const m = await enter("alice");
    const other = await enter("bob");
    const c = await chat(m, "bob");
    for (let step = 0; step < 40; step++) {
      const all = server.history("alice", "bob");
      const some = all[pick(all.length || 1)];
      const acts: (() => unknown)[] = [
        () => server.write("bob", "alice", `w${step}`),
        () => c.send({ html: `s${step}` }),
        () => some && server.update(some.id, `e${step}`),
        () => some && server.remove(some.id, "bob"),
        () => some && server.react(some.id, ["alice", "bob"][pick(2)] ?? "", "👍", pick(2) === 0),
        () => c.older().catch(() => undefined),
        () => c.newer().catch(() => undefined),
        () => some && c.jump({ id: some.id }).catch(() => undefined),
        () => c.newest().catch(() => undefined),
        () => (m.client.isUp ? m.client.down() : m.client.up()),
        () => (server.forgotten = pick(3) === 0 ? server.token() : server.forgotten),
      ];
      acts[pick(acts.length)]?.();
      if (pick(3) > 0) {
        await settle(pick(2) * 500);
      }
    }
    if (!m.client.isUp) {
      m.client.up();
    }
    await settle(10_000);
    const truth = server.history("alice", "bob");
    // What was taken back while one looked leaves a line, until the part is loaded anew.
    const shown = c.messages.value.filter((x) => !x.deleted);
    const from = truth.findIndex((x) => x.id === shown[0]?.id);
    expect(shown.map((x) => [x.id, x.html, x.reactions.map((r) => r.count)])).toEqual(
      truth.slice(from, from + shown.length).map((x) => [x.id, x.text, x.reactions.map((r) => r.count)]),
    );
    expect(c.atStart.value).toBe(from === 0);
    expect(c.atEnd.value).toBe(from + shown.length === truth.length);
    expect([...server.deliveries.values()].every((n) => n === 1)).toBe(true);
    expect(row(m, "bob")?.unread).toBe(server.chats("alice")[0]?.unread ?? 0);
    void other;
  });

  it("makes a view anew only for what has changed", async () => {
    fill(10);
    const m = await enter("alice");
    const c = await chat(m, "bob");
    const before = c.messages.value;
    server.react(before[3]?.id ?? 0, "bob", "👍", true);
    await settle();
    expect(c.messages.value.map((x, i) => x === before[i])).toEqual([true, true, true, false, true, true, true, true, true, true]);
    m.client.watched.get("bob")?.({ sip: "bob", known: true, dn: "Bob", state: "away", note: "lunch", contacts: [] });
    await settle();
    expect(c.messages.value[0]).toBe(before[0]);
    expect(row(m, "bob")?.person).toMatchObject({ presence: "away", note: "lunch" });
    expect(m.person("bob").value.presence).toBe("away");
  });

  it("lets a message go when its time is over", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    server.write("bob", "alice", "burns", { expires: Date.now() + 60_000 });
    await settle();
    expect(named(c, "burns").expires).toBe(Date.now() + 60_000);
    await settle(60_001);
    expect(texts(c)).toEqual([]);
  });

  it("shows nothing of what a rule of retention has deleted, in the window, the pins and the list", async () => {
    const m = await enter("alice");
    const ids = ["one", "two", "three"].map((text) => server.write("bob", "alice", text).mid ?? 0);
    server.pin(ids[0] ?? 0, "bob", true);
    const c = await chat(m, "bob");
    expect([texts(c), c.pins.value.length, row(m, "bob")?.unread]).toEqual([["one", "two", "three"], 1, 3]);
    server.purge(...ids.slice(0, 2));
    await settle();
    expect([texts(c), c.pins.value, row(m, "bob")?.unread]).toEqual([["three"], [], 1]);
    expect(row(m, "bob")?.last?.text).toBe("three");
    server.purge(ids[2] ?? 0);
    await settle();
    expect([texts(c), row(m, "bob")]).toEqual([[], undefined]);
  });

  it("shows what was answered, also when it is far away", async () => {
    fill(120);
    server.write("bob", "alice", "answer", { reply: 1 });
    server.mark("alice", server.room("alice", "bob"), 121, "read");
    const m = await enter("alice");
    const c = await chat(m, "bob");
    expect(named(c, "answer").quote).toEqual({ id: 1, author: "Bob", text: "m1" });
    server.update(1, "<i>else</i>");
    await c.jump({ id: 1 });
    await c.newest();
    await settle();
    expect(named(c, "answer").quote?.text).toBe("else");
  });

  it("tells who was banned, and lifts it", async () => {
    const group = server.group("Cake", "alice");
    server.member(group, "bob", "member", false);
    const m = await enter("alice");
    const c = await chat(m, group);
    await m.groups.ban(group, "bob");
    const names = async () => (await c.banned()).map((p) => p.sip);
    expect(await names()).toEqual(["bob"]);
    expect((await c.members()).members.map((x) => x.person.sip)).toEqual(["alice"]);
    await m.groups.unban(group, "bob");
    (c as Talk).forgetMembers(false); // the switch tells the change; the one in memory does not
    expect(await names()).toEqual([]);
  });

  it("tells who has read, in groups by number", async () => {
    const g = server.group("Team", "alice", "bob", "carol");
    const m = await enter("alice");
    const b = await enter("bob");
    const c = await chat(m, g);
    c.send({ html: "news" });
    await settle();
    const id = named(c, "news").id ?? 0;
    expect(named(c, "news")).toMatchObject({ state: "delivered", readBy: 0 });
    const cb = await chat(b, g);
    cb.read(id);
    await settle(1000);
    expect(named(c, "news")).toMatchObject({ state: "read", readBy: 1 });
    server.mark("carol", g, id, "read");
    await settle();
    expect(named(c, "news").readBy).toBe(2);
    expect((await c.readers(id)).map((r) => r.person.dn)).toEqual(["Bob", "Carol"]);
    c.close();
    const again = await chat(m, g);
    expect(named(again, "news").readBy).toBe(2);
  });

  it("tells the story of a group", async () => {
    const g = server.group("Team", "alice", "bob");
    const m = await enter("alice");
    const c = await chat(m, g);
    await c.members();
    server.member(g, "carol", "member", false);
    server.member(g, "bob", "member", true);
    await settle(1000);
    expect(c.messages.value.map((x) => x.system)).toEqual([{ what: "joined", who: "Carol" }, { what: "left", who: "Bob" }]);
    expect(row(m, g)?.group?.count).toBe(2);
  });

  it("knows that a moderator has taken the word from one, and when it ends by itself", async () => {
    const m = await enter("bob");
    const g = server.group("Team", "alice", "bob");
    await settle(1000);
    const c = await chat(m, g);
    expect(c.chat.value?.group?.mayWrite).toBe(true);
    server.mute(g, "bob", Date.now() + 60_000);
    await settle();
    expect(c.chat.value?.group).toMatchObject({ mayWrite: false, silenced: true });
    server.mute(g, "bob", 0);
    await settle();
    expect(c.chat.value?.group?.mayWrite).toBe(true);
    server.mute(g, "bob", Date.now() + 60_000);
    await settle();
    expect(c.chat.value?.group?.mayWrite).toBe(false);
    await settle(61_000);
    expect(c.chat.value?.group?.mayWrite).toBe(true);
    server.member(g, "bob", "member", true);
    await settle(1000);
    expect(c.chat.value?.group).toMatchObject({ mayWrite: false, left: true });
  });

  it("shares drafts with tabs and devices, and keeps them over a reload", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    const tab = page(browser.tab());
    const device = await enter("alice");
    await settle();
    const [a, b, c] = [await chat(m, "bob"), await chat(tab, "bob"), await chat(device, "bob")];
    a.setDraft("dear Bob");
    await settle(400);
    expect([b.draft.value, c.draft.value]).toEqual(["dear Bob", ""]);
    await settle(2000);
    expect([b.draft.value, c.draft.value, row(device, "bob")?.draft]).toEqual(["dear Bob", "dear Bob", "dear Bob"]);
    m.client.down();
    a.setDraft("dear Bob, offline");
    await settle(2000);
    await m.close();
    const again = page(browser.tab());
    await settle(3000);
    expect((await chat(again, "bob")).draft.value).toBe("dear Bob, offline");
    await settle(3000);
    expect(c.draft.value).toBe("dear Bob, offline");
    c.send({ html: "dear Bob" });
    await settle(2000);
    expect(c.draft.value).toBe("");
  });

  it("says that one writes at most every few seconds", async () => {
    const m = await enter("alice");
    const b = await enter("bob");
    const c = await chat(m, "bob");
    for (let n = 0; n < 20; n++) {
      c.typing(true);
      await settle(300);
    }
    expect(m.client.typed_).toEqual([true, true]);
    const other = b.open("alice");
    expect(other.chat.value?.typing).toEqual(["Alice"]);
    c.typing(false);
    c.typing(false);
    await settle();
    expect(m.client.typed_).toEqual([true, true, false]);
    expect(other.chat.value?.typing).toEqual([]);
  });
});

describe("notices", () => {
  it("come for messages that nobody sees", async () => {
    const tab = new TestBrowser().tab();
    const m = await enter("alice", tab);
    await chat(m, "bob");
    server.write("bob", "alice", "seen");
    server.write("carol", "alice", "<b>unseen</b>", { mentions: ["alice"] });
    server.write("alice", "carol", "from my other device");
    await settle();
    expect(m.notices).toEqual([{ kind: "message", chat: "carol", title: "Carol", author: "Carol", text: "unseen", mention: true }]);
    tab.seen = false;
    server.write("bob", "alice", "not seen");
    await settle();
    expect(m.notices).toHaveLength(2);
  });

  it("keep quiet for muted chats but for mentions, and in do not disturb", async () => {
    const m = await enter("alice");
    m.setMuted("bob", true);
    server.write("bob", "alice", "a");
    server.write("bob", "alice", "b", { mentions: ["alice"] });
    await settle();
    expect(m.notices.map((n) => (n.kind === "message" ? n.text : ""))).toEqual(["b"]);
    void m.setPresence("dnd", "");
    await settle(1000);
    server.write("carol", "alice", "c");
    await settle();
    expect(m.notices).toHaveLength(1);
    expect(m.me.value?.presence).toBe("dnd");
  });

  it("come from one tab, and from none while one shows the chat", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    const tab = page(browser.tab());
    await settle();
    server.write("bob", "alice", "one");
    await settle();
    expect(m.notices.length + tab.notices.length).toBe(1);
    await chat(tab, "bob");
    server.write("bob", "alice", "two");
    await settle();
    expect(m.notices.length + tab.notices.length).toBe(1);
  });

  it("are not told of what is old", async () => {
    const m = await enter("alice");
    m.client.down();
    server.write("bob", "alice", "long ago");
    await settle(600_000);
    m.client.up();
    await settle();
    expect(m.notices).toEqual([]);
    expect(m.unread.value.count).toBe(1);
  });
});

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`);
}
