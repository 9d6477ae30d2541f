// People, files and traces: what is asked for, how much is kept.
import { effect } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Client, TraceFrame } from "../../protocol/index.ts";
import { FakeClient } from "./fakeclient.ts";
import { FakeServer } from "./fakeserver.ts";
import { Files } from "./files.ts";
import { People } from "./people.ts";
import { TestBrowser } from "./testkit.ts";
import { Tracing } from "./tracing.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function turn(): Promise<void> {
  for (let n = 0; n < 10; n++) {
    await Promise.resolve();
  }
}

describe("presence", () => {
  it("is asked for while somebody looks, and half a minute longer", async () => {
    const client = new FakeClient(new FakeServer());
    const people = new People(client, () => undefined);
    const stop = effect(() => void people.signal("bob").value);
    await turn();
    expect([...client.watched.keys()]).toEqual(["bob"]);
    client.watched.get("bob")?.({ sip: "bob", known: true, dn: "Bob", state: "busy", note: "", contacts: [] });
    expect(people.get("bob")).toMatchObject({ dn: "Bob", presence: "dnd" });
    stop();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(client.watched.size).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(client.watched.size).toBe(0);
  });

  it("is asked of 500 people at most: those on the screen", async () => {
    const client = new FakeClient(new FakeServer());
    const people = new People(client, () => undefined);
    people.interest(Array.from({ length: 800 }, (_, i) => `u${i}`));
    expect(client.watched.size).toBe(500);
    const seen = Array.from({ length: 100 }, (_, i) => effect(() => void people.signal(`s${i}`).value));
    await turn();
    expect(client.watched.size).toBe(500);
    expect(Array.from({ length: 100 }, (_, i) => client.watched.has(`s${i}`)).every(Boolean)).toBe(true);
    people.interest(["messages?g12", "?p7", ""]);
    expect(client.watched.has("messages?g12")).toBe(false);
    seen.forEach((stop) => stop());
    people.close();
    expect(client.watched.size).toBe(0);
  });

  it("is nobody's without a line", () => {
    const client = new FakeClient(new FakeServer());
    const people = new People(client, () => undefined);
    people.line(true);
    people.interest(["bob"]);
    client.watched.get("bob")?.({ sip: "bob", known: true, state: "available", note: "here", contacts: [] });
    people.line(false);
    expect(people.get("bob")).toMatchObject({ presence: "offline" });
    expect(people.get("bob").note).toBeUndefined();
  });
});

describe("files", () => {
  function setUp(): { files: Files; client: FakeClient; asked: number[] } {
    const client = new FakeClient(new FakeServer());
    const asked: number[] = [];
    const messages = { attachments: (id: number) => {
      asked.push(id);
      return Promise.resolve([{ id: 5, url: "https://h/d/m/files/5/a.png?s=2", name: "a.png" }]);
    } };
    const seen = { files: client.files, messages } as unknown as Client;
    return { files: new Files(seen, (url) => (url === "blob:here" ? new Blob(["local"]) : undefined)), client, asked };
  }
  const url = "https://h/d/m/files/5/a.png?s=1";

  it("are fetched once, and kept for a while", async () => {
    const { files, client } = setUp();
    await Promise.all([files.file({ url }), files.file({ url })]);
    await files.file({ url: url.replace("s=1", "s=9") });
    expect(client.downloads).toEqual([url]);
    await files.file({ url: `${url}&v=thumb` });
    expect(client.downloads).toHaveLength(2);
  });

  it("get a new address where theirs has ended", async () => {
    const { files, client, asked } = setUp();
    files.origin({ name: "a.png", url, thumb: true }, 90);
    client.ended.add(url).add(`${url}&v=thumb`);
    expect(await (await files.file({ url })).text()).toBe("https://h/d/m/files/5/a.png?s=2");
    expect(await (await files.file({ url: `${url}&v=thumb` })).text()).toBe("https://h/d/m/files/5/a.png?s=2&v=thumb");
    expect(asked).toEqual([90, 90]);
  });

  it("of this page come from this page", async () => {
    const { files, client } = setUp();
    expect(await (await files.file({ url: "blob:here" })).text()).toBe("local");
    await expect(files.file({ url: "blob:else" })).rejects.toMatchObject({ code: "not-found" });
    expect(client.downloads).toEqual([]);
  });

  it("are dropped when there are too many", async () => {
    const { files, client } = setUp();
    client.files.download = (u) => {
      client.downloads.push(u);
      return Promise.resolve(new Blob([new Uint8Array(9 << 20)]));
    };
    for (let n = 0; n < 8; n++) {
      await files.file({ url: `https://h/${n}` });
    }
    await files.file({ url: "https://h/7" });
    expect(client.downloads).toHaveLength(8);
    await files.file({ url: "https://h/0" });
    expect(client.downloads).toHaveLength(9);
  });
});

describe("the trace flags", () => {
  function setUp(local = new TestBrowser()): { tracing: Tracing; frame: (f: Partial<TraceFrame>) => void; user: (u: { sip: string; domain: string }) => void; heard: () => boolean } {
    let listener: ((f: TraceFrame) => void) | undefined;
    let named: ((u: { sip: string; domain: string }) => void) | undefined;
    const client = { on: (event: string, f: never) => {
      if (event === "user") {
        named = f;
        return () => (named = undefined);
      }
      listener = f;
      return () => (listener = undefined);
    } } as unknown as Client;
    return {
      tracing: new Tracing(client, local.tab()),
      frame: (f) => listener?.({ time: 1, connection: "c1", kind: "out", text: '{"data":"hush"}', ...f }),
      user: (u) => named?.(u),
      heard: () => listener !== undefined,
    };
  }

  it("keep nothing of one person for the next", () => {
    const { tracing, frame, user } = setUp();
    const alice = { sip: "alice", domain: "example.com" };
    tracing.set("app", true);
    user(alice);
    tracing.setTexts(true);
    frame({});
    user({ ...alice }); // a new name, another line: it is she still
    expect(tracing.ring.list()).toHaveLength(1);
    user({ sip: "alice", domain: "example.org" });
    expect(tracing.ring.list()).toEqual([]);
    frame({});
    expect(tracing.ring.list().map((l) => l.text)).toEqual(['c1 {"data":"(4)"}']);
    tracing.forget();
    expect(tracing.ring.list()).toEqual([]);
  });

  it("cost nothing while they are off, and are kept on this device", () => {
    const browser = new TestBrowser();
    const { tracing, heard, frame } = setUp(browser);
    expect(heard()).toBe(false);
    tracing.set("app", true);
    frame({});
    expect(tracing.ring.list()).toEqual([{ time: 1, flag: "App", out: true, text: 'c1 {"data":"(4)"}' }]);
    const again = setUp(browser);
    expect(again.tracing.flags.value).toEqual({ app: true, console: false });
    expect(again.heard()).toBe(true);
    again.tracing.set("app", false);
    expect(again.heard()).toBe(false);
    expect(setUp(browser).heard()).toBe(false);
  });

  it("show texts only when the person asks, and write on the console", () => {
    const { tracing, frame } = setUp();
    const console_ = vi.spyOn(console, "debug").mockImplementation(() => undefined);
    tracing.set("console", true);
    frame({});
    tracing.setTexts(true);
    frame({ kind: "in" });
    frame({ kind: "close", text: "lost" });
    expect(console_.mock.calls).toEqual([["→", 'c1 {"data":"(4)"}'], ["←", 'c1 {"data":"hush"}'], ["·", "c1 close lost"]]);
    expect(tracing.ring.list().map((l) => l.flag)).toEqual(["Browser Console", "Browser Console", "Browser Console"]);
    console_.mockRestore();
  });
});
