// What waits to be sent: kept, in order, once, whatever happens to line, page and tabs.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chance } from "./chance.ts";
import { FakeClient } from "./fakeclient.ts";
import { FakeServer } from "./fakeserver.ts";
import { createModel } from "./index.ts";
import { TestBrowser } from "./testkit.ts";
import type { Conversation, Message, Model, Notice } from "./types.ts";

type Opened = Model & { close(): Promise<void>; client: FakeClient; notices: Notice[] };

vi.setConfig({ testTimeout: 30_000 }); // a busy machine; no test waits by the clock

let server: FakeServer;
let models: Opened[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"], now: 1_800_000_000_000 });
  server = new FakeServer("alice", "bob", "carol");
  models = [];
});

afterEach(async () => {
  await Promise.all(models.map((m) => m.close()));
  vi.useRealTimers();
});

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

async function enter(name: string, platform = new TestBrowser().tab()): Promise<Opened> {
  const m = page(platform);
  void m.enter("example.com", name, "secret", true);
  await settle();
  return m;
}

async function chat(m: Model, name: string): Promise<Conversation> {
  const c = m.open(name);
  await settle();
  return c;
}

const texts = (c: Conversation): string[] => c.messages.value.map((m) => m.html);
const named = (c: Conversation, html: string): Message | undefined => c.messages.value.find((x) => x.html === html);
const history = (chat = "bob"): string[] => server.history("alice", chat).map((x) => x.text);
const noDoubles = (): void => expect([...server.deliveries.values()].every((n) => n === 1)).toBe(true);

describe("the outbox", () => {
  it("shows a message at once, and how far it has come", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    c.send({ html: "hi" });
    expect(named(c, "hi")).toMatchObject({ own: true, state: "waiting" });
    await Promise.resolve();
    expect(m.chats.value[0]?.last).toMatchObject({ text: "hi", own: true, state: "waiting" });
    expect(m.line.value.waiting).toBe(1);
    const key = named(c, "hi")?.key;
    await settle();
    expect(named(c, "hi")).toMatchObject({ key, id: 1, state: "sent" });
    expect(m.line.value.waiting).toBe(0);
    await enter("bob");
    server.mark("bob", server.room("alice", "bob"), 1, "delivered");
    await settle();
    expect(named(c, "hi")?.state).toBe("delivered");
    server.mark("bob", server.room("alice", "bob"), 1, "read");
    await settle();
    expect(named(c, "hi")?.state).toBe("read");
    expect(m.chats.value[0]?.last?.state).toBe("read");
  });

  it("survives reloads and sends in order when the line is up", async () => {
    const browser = new TestBrowser();
    let m = await enter("alice", browser.tab());
    m.client.down();
    const c = await chat(m, "bob");
    c.send({ html: "1" });
    c.send({ html: "2" });
    m.open("carol").send({ html: "to carol" });
    await settle();
    await m.close();
    for (let n = 3; n < 5; n++) {
      m = page(browser.tab(), (x) => (x.unreachable = true));
      await settle(3000);
      const again = await chat(m, "bob");
      again.send({ html: String(n) });
      await settle();
      expect(texts(again)).toEqual(["1", "2", "3", "4"].slice(0, n));
      expect(m.line.value.waiting).toBe(n + 1);
      await m.close();
    }
    m = page(browser.tab());
    await settle();
    expect([history(), history("carol")]).toEqual([["1", "2", "3", "4"], ["to carol"]]);
    noDoubles();
  });

  it("sends again with the same id when nobody knows whether it arrived", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    server.loseAnswers = 1;
    c.send({ html: "once" });
    await settle();
    m.client.down();
    await settle(5000);
    m.client.up();
    await settle(5000);
    expect(m.client.wrote.map((w) => w.data)).toEqual(["once", "once"]);
    expect(new Set(m.client.wrote.map((w) => w.id)).size).toBe(1);
    expect(history()).toEqual(["once"]);
    expect(texts(c)).toEqual(["once"]);
    expect(m.line.value.waiting).toBe(0);
    noDoubles();
  });

  it("shows a message once when it was sent by a page that ended before it knew", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    const c = await chat(m, "bob");
    server.loseAnswers = 9;
    c.send({ html: "once" });
    await settle();
    await m.close();
    server.loseAnswers = 0;
    const again = page(browser.tab(), (x) => (x.sendGate = new Promise(() => undefined)));
    await settle();
    expect(texts(await chat(again, "bob"))).toEqual(["once"]);
    await again.close();
    const third = page(browser.tab());
    await settle();
    expect(texts(await chat(third, "bob"))).toEqual(["once"]);
    expect(third.line.value.waiting).toBe(0);
    expect(history()).toEqual(["once"]);
  });

  it.each([
    [1, "There is nobody of that name."],
    [20, "Nobody is there, and nothing is kept in this chat."],
    [57, "You may not write here."],
    [111, "The message is too long or empty."],
    [99, "It could not be delivered (cause 99)."],
  ])("says why it failed (%i), and tries again when told to", async (cause, error) => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    server.failWith = [cause];
    c.send({ html: "a" });
    c.send({ html: "b" });
    await settle();
    expect(named(c, "a")).toMatchObject({ state: "failed", error });
    expect(history()).toEqual(["b"]);
    c.retry(named(c, "a")?.key ?? "");
    await settle();
    expect(history()).toEqual(["b", "a"]);
    expect(texts(c)).toEqual(["b", "a"]);
  });

  it("tries by itself where the reason passes, without letting others overtake", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    server.failWith = [42, 41, 42];
    c.send({ html: "a" });
    c.send({ html: "b" });
    await settle();
    expect(texts(c)).toEqual(["a", "b"]);
    expect(named(c, "a")?.state).toBe("waiting");
    await settle(30_000);
    expect(history()).toEqual(["a", "b"]);
    server.failWith = Array(20).fill(42);
    c.send({ html: "c" });
    await settle(300_000);
    expect(named(c, "c")).toMatchObject({ state: "failed", error: "It could not be stored. Try again later." });
  });

  it("fails what is too long at once, and keeps it", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    c.send({ html: "x".repeat(48 * 1024 + 1) });
    await settle();
    expect(c.messages.value[0]?.state).toBe("failed");
    expect(m.client.wrote).toEqual([]);
    c.cancel(c.messages.value[0]?.key ?? "");
    expect(c.messages.value).toEqual([]);
  });

  it("gives up what is cancelled, also after a reload", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    m.client.down();
    const c = await chat(m, "bob");
    c.send({ html: "1" });
    c.send({ html: "2" });
    c.cancel(named(c, "2")?.key ?? "");
    await settle();
    c.cancel(named(c, "1")?.key ?? "");
    expect(texts(c)).toEqual([]);
    await settle();
    await m.close();
    const again = page(browser.tab());
    await settle();
    expect(again.line.value.waiting).toBe(0);
    expect(history()).toEqual([]);
  });

  it("does not hold up one chat for another", async () => {
    const m = await enter("alice");
    server.failWith = [42];
    (await chat(m, "bob")).send({ html: "a" });
    await settle();
    (await chat(m, "carol")).send({ html: "b" });
    await settle();
    expect([history(), history("carol")]).toEqual([[], ["b"]]);
  });

  it("works where the browser keeps nothing, and says so", async () => {
    const tab = { ...new TestBrowser().tab(), indexedDB: undefined };
    const m = page(tab as never);
    await m.enter("example.com", "alice", "secret", true);
    expect(m.notices).toEqual([{ kind: "error", code: "store", text: expect.stringContaining("keeps nothing") as string }]);
    const c = await chat(m, "bob");
    m.client.down();
    c.send({ html: "kept in this page" });
    await settle();
    m.client.up();
    await settle();
    expect(history()).toEqual(["kept in this page"]);
  });
});

describe.each([["locks", true], ["a lease", false]])("several tabs with %s", (_, locks) => {
  it("send each message once, in the order of writing", async () => {
    const browser = new TestBrowser({ locks });
    const a = await enter("alice", browser.tab());
    const b = page(browser.tab());
    await settle(3000);
    const [ca, cb] = [await chat(a, "bob"), await chat(b, "bob")];
    for (let n = 0; n < 5; n++) {
      ca.send({ html: `a${n}` });
      await settle();
      cb.send({ html: `b${n}` });
      await settle();
    }
    await settle(8000);
    expect(history()).toEqual(["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"]);
    expect(texts(ca)).toEqual(history());
    expect(texts(cb)).toEqual(history());
    expect([a.client.wrote.length, b.client.wrote.length].sort()).toEqual([0, 10]);
    noDoubles();
  });

  it("go on when the tab that sends ends, or has no line", async () => {
    const browser = new TestBrowser({ locks });
    const a = await enter("alice", browser.tab());
    const b = page(browser.tab());
    await settle(3000);
    const c = await chat(b, "bob");
    a.client.down();
    c.send({ html: "1" });
    await settle(10_000);
    a.client.up();
    await settle(10_000);
    c.send({ html: "2" });
    await settle(10_000);
    await a.close();
    c.send({ html: "3" });
    await settle(10_000);
    expect(history()).toEqual(["1", "2", "3"]);
    noDoubles();
  });

  it.each([1, 2, 3])("lose nothing and send nothing twice, whatever happens (%i)", async (seed) => {
    const pick = chance(seed);
    const browser = new TestBrowser({ locks });
    const tabs = [await enter("alice", browser.tab()), page(browser.tab())];
    await settle();
    const written: string[] = [];
    for (let step = 0; step < 40; step++) {
      const i = pick(2);
      const m = tabs[i] as Opened;
      switch (pick(5)) {
        case 0:
        case 1:
          written.push(`w${step}`);
          m.open("bob").send({ html: `w${step}` });
          await settle();
          break;
        case 2:
          m.client.isUp ? m.client.down() : m.client.up();
          break;
        case 3:
          server.loseAnswers = pick(2);
          break;
        case 4:
          await settle(500);
          await m.close();
          tabs[i] = page(browser.tab());
          await settle(3000);
          break;
      }
      await settle(pick(3) * 1500);
    }
    tabs.forEach((m) => m.client.isUp || m.client.up());
    await settle(60_000);
    expect(history()).toEqual(written);
    expect(tabs.map((m) => m.line.value.waiting)).toEqual([0, 0]);
    const c = await chat(tabs[0] as Opened, "bob");
    expect(texts(c)).toEqual(written.slice(-50));
    noDoubles();
  });
});

describe("files", () => {
  const blob = (text: string, type = "text/plain"): Blob => new Blob([text], { type });

  it("go up first, and the message follows with them, in their order", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    c.send({ html: "two files", files: [{ file: blob("12345"), name: "a.txt" }, { file: blob("p", "image/png"), name: "b.png" }] });
    c.send({ html: "after" });
    await settle();
    const [a, b] = m.client.uploads_;
    expect(named(c, "two files")).toMatchObject({ state: "waiting", uploads: [{ name: "a.txt", size: 5 }, { name: "b.png", preview: expect.stringContaining("blob:") as string }] });
    a?.progress(3);
    await settle(300);
    expect(named(c, "two files")?.uploads[0]).toMatchObject({ state: "running", done: 3, speed: 1000 });
    b?.finish();
    await settle();
    expect(history()).toEqual([]);
    a?.finish();
    await settle();
    expect(history()).toEqual(["two files", "after"]);
    expect(server.history("alice", "bob")[0]?.attached.map((f) => f.name)).toEqual(["a.txt", "b.png"]);
    expect(named(c, "two files")).toMatchObject({ uploads: [], attached: [{ name: "a.txt" }, { name: "b.png", thumb: expect.stringContaining("blob:") as string }] });
  });

  it("go on after a reload with what the server has", async () => {
    const browser = new TestBrowser();
    const m = await enter("alice", browser.tab());
    const c = await chat(m, "bob");
    c.send({ html: "f", files: [{ file: blob("12345"), name: "a.txt" }] });
    await settle();
    m.client.uploads_[0]?.begin();
    await settle();
    await m.close();
    const again = page(browser.tab());
    await settle();
    const u = again.client.uploads_[0];
    expect(u?.resumed).toMatchObject({ id: 7, size: 5 });
    expect(await u?.file.text()).toBe("12345");
    u?.finish();
    await settle();
    expect(history()).toEqual(["f"]);
  });

  it("can be paused, resumed and taken out", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    c.send({ html: "f", files: [{ file: blob("1"), name: "a" }, { file: blob("2"), name: "b" }] });
    await settle();
    const key = named(c, "f")?.key ?? "";
    const [a, b] = named(c, "f")?.uploads ?? [];
    c.pauseUpload(key, a?.key ?? "", true);
    expect(named(c, "f")).toBeDefined();
    await settle();
    expect(named(c, "f")?.uploads[0]?.state).toBe("paused");
    expect(m.client.uploads_[0]?.state.state).toBe("paused");
    // What was written behind a file that is held goes out meanwhile.
    c.send({ html: "after" });
    await settle();
    expect(history()).toEqual(["after"]);
    c.pauseUpload(key, a?.key ?? "", false);
    c.cancel(key, b?.key);
    await settle();
    expect(m.client.uploads_.map((u) => u.state.state)).toEqual(["running", "cancelled"]);
    m.client.uploads_[0]?.finish();
    await settle();
    expect(server.history("alice", "bob").at(-1)?.attached).toHaveLength(1);
    c.send({ html: "", files: [{ file: blob("3"), name: "only" }] });
    await settle();
    const only = c.messages.value.at(-1) as Message;
    c.cancel(only.key, only.uploads[0]?.key);
    await settle();
    expect(texts(c)).toEqual(["after", "f"]);
  });

  it("say why they failed, and try again", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    c.send({ html: "f", files: [{ file: blob("1"), name: "a" }] });
    await settle();
    m.client.uploads_[0]?.fail(413);
    await settle();
    expect(named(c, "f")).toMatchObject({ state: "failed", error: "The file is too large.", uploads: [{ state: "failed" }] });
    expect(m.line.value.waiting).toBe(0);
    c.retry(named(c, "f")?.key ?? "");
    await settle();
    m.client.uploads_[1]?.finish();
    await settle();
    expect(history()).toEqual(["f"]);
  });

  it("go up once more when their address has ended", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    server.failWith = [50];
    c.send({ html: "f", files: [{ file: blob("1"), name: "a" }] });
    await settle();
    m.client.uploads_[0]?.finish();
    await settle();
    expect(m.client.uploads_).toHaveLength(2);
    m.client.uploads_[1]?.finish();
    await settle();
    expect(history()).toEqual(["f"]);
  });

  it("wait while there is no line", async () => {
    const m = await enter("alice");
    const c = await chat(m, "bob");
    m.client.down();
    c.send({ html: "f", files: [{ file: blob("1"), name: "a" }] });
    await settle();
    expect([m.client.uploads_.length, named(c, "f")?.uploads[0]?.state]).toEqual([0, "waiting"]);
    m.client.up();
    await settle();
    expect(m.client.uploads_).toHaveLength(1);
  });

  it("show their progress in the other tab, which can take them out", async () => {
    const browser = new TestBrowser();
    const a = await enter("alice", browser.tab());
    const b = page(browser.tab());
    await settle();
    const c = await chat(b, "bob");
    c.send({ html: "f", files: [{ file: blob("12345"), name: "a" }] });
    await settle();
    expect([a.client.uploads_.length, b.client.uploads_.length]).toEqual([1, 0]);
    a.client.uploads_[0]?.progress(2);
    await settle(300);
    expect(named(c, "f")?.uploads[0]).toMatchObject({ state: "running", done: 2 });
    c.cancel(named(c, "f")?.key ?? "");
    await settle();
    expect([a.line.value.waiting, b.line.value.waiting]).toEqual([0, 0]);
    expect(a.client.uploads_[0]?.state.state).toBe("cancelled");
    expect(history()).toEqual([]);
  });

  it("go on when the line comes back, here or in another tab", async () => {
    const browser = new TestBrowser();
    const a = await enter("alice", browser.tab());
    const b = page(browser.tab());
    await settle();
    const c = await chat(a, "bob");
    c.send({ html: "f", files: [{ file: blob("12345"), name: "a" }] });
    await settle();
    a.client.uploads_[0]?.begin();
    a.client.uploads_[0]?.progress(2);
    await settle();
    a.client.down();
    await settle();
    expect(a.client.uploads_[0]?.state.state).toBe("paused");
    expect(b.client.uploads_[0]?.resumed).toMatchObject({ id: 7 });
    b.client.down();
    await settle();
    a.client.up();
    await settle();
    expect(a.client.uploads_).toHaveLength(2);
    a.client.uploads_[1]?.finish();
    await settle();
    expect(history()).toEqual(["f"]);
    noDoubles();
  });
});

describe("without a licence", () => {
  it("chats live in the memory of the page, and say so", async () => {
    server.license("alice", false);
    server.license("bob", false);
    const [a, b] = [await enter("alice"), await enter("bob")];
    expect(a.line.value.store).toBe("off");
    const [ca, cb] = [await chat(a, "bob"), await chat(b, "alice")];
    expect([ca.atStart.value, ca.atEnd.value, ca.chat.value?.volatile]).toEqual([true, true, true]);
    ca.send({ html: "hi", mentions: ["bob"] });
    await settle();
    expect(texts(cb)).toEqual(["hi"]);
    expect(named(cb, "hi")).toMatchObject({ mentioned: true, author: { dn: "Alice" } });
    expect(named(cb, "hi")?.id).toBeUndefined();
    expect(named(ca, "hi")?.state).toBe("delivered");
    expect(b.unread.value).toEqual({ count: 1, chats: 1, mentions: 1 });
    cb.read(0);
    await settle();
    expect(b.unread.value.count).toBe(0);
    expect(named(ca, "hi")?.state).toBe("read");
    expect(a.chats.value[0]?.last?.state).toBe("read");
    await expect(ca.react(1, "👍", true)).rejects.toThrow("Nothing is kept here");
    await expect(a.groups.create("x", [], false)).rejects.toThrow("Groups are not in the licence.");
    await expect(a.search("hi")).rejects.toThrow("Nothing is kept here");
    ca.close();
    expect(texts(await chat(a, "bob"))).toEqual(["hi"]);
    server.clients.delete(b.client);
    ca.send({ html: "anybody?" });
    await settle();
    expect(a.open("bob").messages.value.at(-1)).toMatchObject({ state: "failed", error: "Nobody is there, and nothing is kept in this chat." });
  });

  it("files fail with a sentence", async () => {
    server.license("alice", false);
    const a = await enter("alice");
    const c = await chat(a, "bob");
    c.send({ html: "f", files: [{ file: new Blob(["x"]), name: "x" }] });
    await settle();
    expect(named(c, "f")).toMatchObject({ state: "failed", error: "Files need stored chats, and there is no licence for them." });
  });

  it("a licence that begins or ends while one is there changes the screen, and nothing is lost or shown twice", async () => {
    const [a, b] = [await enter("alice"), await enter("bob")];
    const c = await chat(a, "bob");
    const cb = await chat(b, "alice");
    c.send({ html: "stored" });
    await settle();
    vi.setSystemTime(Date.now() + 1000);
    server.license("alice", false);
    server.license("bob", false);
    await settle();
    expect([c.chat.value?.volatile, a.line.value.store]).toEqual([true, "off"]);
    c.send({ html: "volatile" });
    await settle();
    expect(texts(c)).toEqual(["stored", "volatile"]);
    vi.setSystemTime(Date.now() + 1000);
    server.license("alice", true);
    server.license("bob", true);
    await settle();
    expect([c.chat.value?.volatile, a.line.value.store]).toEqual([false, "on"]);
    cb.send({ html: "stored again" });
    await settle();
    expect(texts(c)).toEqual(["stored", "volatile", "stored again"]);
    expect(texts(cb)).toEqual(["stored", "volatile", "stored again"]);
    expect(history()).toEqual(["stored", "stored again"]);
  });
});
