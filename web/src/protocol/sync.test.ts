import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "./decode.ts";
import { lineError } from "./errors.ts";
import { type SyncSource, SyncPart } from "./sync.ts";
import { settle } from "./testkit/fakeswitch.ts";
import type { Change, SyncHandler } from "./types.ts";

/** A log as the service keeps it: Sync gives what is above the number in the token. */
class Log implements SyncSource {
  readonly frames: Frame[] = [];
  readonly asked: (string | undefined)[] = [];
  readonly faults: string[] = [];
  readonly arrivals: number[] = [];
  pageSize = 100;
  epoch = "e1";
  /** Answers only when told to. */
  held: (() => void)[] | undefined;
  failing = 0;

  add(n: number, kind = "message", more: object = {}): Frame {
    const msg = { id: n, author: "bob", text: `t${n}`, timestamp: n };
    const f = { mt: "Event", n, sip: "bob", kind, ...(kind === "message" ? { msg } : { id: n, user: "bob" }), ...more } as Frame;
    this.frames.push(f);
    return f;
  }

  async readSync(since: string | undefined): Promise<{ items: readonly Frame[]; result: Frame }> {
    this.asked.push(since);
    if (this.failing > 0) {
      this.failing--;
      throw lineError("timeout", "no answer");
    }
    const answer = this.page(since);
    if (this.held) await new Promise<void>((resolve) => this.held?.push(resolve));
    return answer;
  }

  private page(since: string | undefined): { items: readonly Frame[]; result: Frame } {
    const [epoch, n] = (since ?? "").split(":");
    const head = this.frames.at(-1)?.["n"] ?? 0;
    const end = (rest: object): Frame => ({ mt: "SyncResult", ...rest });
    if (since === undefined) return { items: [], result: end({ since: `${this.epoch}:${String(head)}` }) };
    if (epoch !== this.epoch) return { items: [], result: end({ since: `${this.epoch}:${String(head)}`, reset: true }) };
    const missed = this.frames.filter((f) => Number(f["n"]) > Number(n)).sort((a, b) => Number(a["n"]) - Number(b["n"]));
    const items = missed.slice(0, this.pageSize);
    const last = missed.length > items.length ? items.at(-1)?.["n"] : head;
    return { items, result: end({ since: `${this.epoch}:${String(last)}`, ...(missed.length > items.length && { more: true }) }) };
  }

  fault(reason: string): void {
    this.faults.push(reason);
  }

  arrived(_: string, m: { readonly id: number }): void {
    this.arrivals.push(m.id);
  }
}

/** A handler that keeps what it was told, as a device does. */
class Device implements SyncHandler {
  readonly got: number[] = [];
  readonly kinds: string[] = [];
  token: string | undefined;
  resets = 0;
  failing = 0;
  busy: Promise<void> | undefined;

  async changes(changes: readonly Change[], token: string): Promise<void> {
    await this.busy;
    if (this.failing > 0) {
      this.failing--;
      throw new Error("the disk is full");
    }
    this.got.push(...changes.map((c) => c.n));
    this.kinds.push(...changes.map((c) => c.kind));
    this.token = token;
  }

  reset(token: string): void {
    this.resets++;
    this.got.length = 0;
    this.token = token;
  }
}

let log: Log;
let device: Device;
let sync: SyncPart;
let told: boolean[];

beforeEach(() => {
  vi.useFakeTimers();
  log = new Log();
  device = new Device();
  told = [];
  sync = new SyncPart(log, (c) => told.push(c));
});

afterEach(() => {
  sync.stop();
  vi.useRealTimers();
});

async function begin(token?: string): Promise<void> {
  sync.start(device, token);
  sync.open();
  await settle();
}

async function live(f: Frame): Promise<void> {
  sync.event(f);
  await settle();
}

describe("sync", () => {
  it("begins with a reset where nothing is kept, then tells what is new", async () => {
    log.add(1);
    await begin();
    expect([device.resets, device.got, sync.current]).toEqual([1, [], true]);
    await live(log.add(2));
    await live(log.add(5, "react", { emoji: "👍", on: true }));
    expect(device.got).toEqual([2, 5]);
    expect(log.arrivals).toEqual([2]);
  });

  it("goes on page by page behind a token", async () => {
    await begin();
    const { token } = device;
    for (let n = 1; n <= 25; n++) log.add(n);
    log.pageSize = 10;
    device = new Device();
    await begin(token);
    expect(device.got).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect([device.resets, sync.current]).toEqual([0, true]);
  });

  it("tells nothing twice after a restart, live changes included", async () => {
    await begin();
    await live(log.add(1));
    await live(log.add(2));
    const { token } = device;
    log.add(3);
    device = new Device();
    await begin(token);
    expect(device.got).toEqual([3]);
  });

  it("puts live changes behind those of a Sync that runs, each once", async () => {
    await begin();
    sync.lost();
    log.add(1);
    log.add(2);
    log.held = [];
    sync.open();
    await settle();
    // The answer is on its way and has 1 and 2; the live news of 2 and 3 overtake it.
    sync.event(log.frames[1] as Frame);
    sync.event(log.add(3));
    await settle();
    expect(device.got).toEqual([]);
    log.held.shift()?.();
    log.held = undefined;
    await settle();
    expect(device.got).toEqual([1, 2, 3]);
  });

  it("closes gaps: lost, a change that never came, and too many at once", async () => {
    await begin();
    log.add(1);
    await live({ mt: "Event", kind: "lost" });
    expect(device.got).toEqual([1]);
    log.add(2); // its Event never comes
    await live(log.add(3));
    expect(device.got).toEqual([1, 3]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(device.got).toEqual([1, 3, 2]);
    log.held = [];
    sync.event({ mt: "Event", kind: "lost" } as Frame);
    for (let n = 4; n < 2_500; n++) sync.event(log.add(n));
    await settle();
    const { held } = log;
    log.held = undefined;
    log.pageSize = 5_000;
    for (const f of held) f();
    await vi.advanceTimersByTimeAsync(31_000);
    expect([...device.got].sort((a, b) => a - b)).toEqual(Array.from({ length: 2_499 }, (_, i) => i + 1));
  });

  it("keeps its token short", async () => {
    await begin();
    for (let n = 1; n <= 1_000; n++) await live(log.add(n));
    expect(device.got).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(device.token?.length).toBeLessThan(3_000);
    expect(log.asked.length).toBeGreaterThan(3);
    expect(log.asked.length).toBeLessThan(20);
  });

  it("forgets everything when the token is of no use any more", async () => {
    await begin();
    await live(log.add(1));
    log.epoch = "e2";
    sync.lost();
    sync.open();
    await settle();
    expect([device.resets, device.got, sync.current]).toEqual([2, [], true]);
    await live(log.add(2));
    expect(device.got).toEqual([2]);
    device = new Device();
    await begin("no token of ours");
    expect(device.resets).toBe(1);
  });

  it("restarts where it was after a loss in the middle", async () => {
    await begin();
    for (let n = 1; n <= 30; n++) log.add(n);
    log.pageSize = 10;
    log.held = [];
    sync.lost();
    sync.open();
    await settle();
    log.held.shift()?.();
    await settle();
    expect(device.got).toHaveLength(10);
    sync.lost(); // the second page is under way
    log.held.shift()?.();
    log.held = undefined;
    await settle();
    expect(device.got).toHaveLength(10);
    sync.open();
    await settle();
    expect(device.got).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  });

  it("waits for the handler, and passes nothing over when it fails", async () => {
    const shown = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await begin();
    let done: () => void = () => undefined;
    device.busy = new Promise((resolve) => (done = resolve));
    await live(log.add(1));
    await live(log.add(2));
    await live(log.add(3));
    expect(device.got).toEqual([]);
    done();
    await settle();
    expect(device.got).toEqual([1, 2, 3]);
    device.failing = 1;
    await live(log.add(4));
    await live(log.add(5));
    expect([device.got, sync.current]).toEqual([[1, 2, 3], false]);
    expect(shown).toHaveBeenCalledTimes(1);
    await begin(device.token);
    expect(device.got).toEqual([1, 2, 3, 4, 5]);
    shown.mockRestore();
  });

  it("tries again where the service fails", async () => {
    log.failing = 2;
    await begin();
    expect(sync.current).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([sync.current, log.asked.length]).toEqual([true, 4]); // the last one follows the reset
    expect(told).toEqual([true]);
  });

  it("tells what a rule of retention has deleted, and only numbers of messages", async () => {
    const log = new Log();
    const told: Change[] = [];
    const sync = new SyncPart(log, () => undefined);
    sync.start({ changes: (c) => void told.push(...c), reset: () => undefined }, JSON.stringify({ since: "e1:0" }));
    log.add(7, "purge", { ids: [3, "x", -1, 5, null, {}, ...Array.from({ length: 600 }, () => 9)] });
    sync.open();
    await settle();
    expect(told).toHaveLength(1);
    const [purge] = told;
    expect(purge?.kind === "purge" && purge.ids.slice(0, 3)).toEqual([3, 5, 9]);
    expect(purge?.kind === "purge" && purge.ids.length).toBe(496);
    expect(log.faults).toEqual([]);
  });

  it("leaves out what is not for a chat, and counts what means nothing", async () => {
    await begin();
    log.add(1, "like");
    log.add(2, "post", { topic: "alice" });
    log.add(3, "mark", { state: "eaten" });
    log.add(4, "mark", { state: "read" });
    log.add(4, "mark", { state: "delivered" });
    log.add(5, "group", { id: 12, sip: "", grp: "messages?g12", dn: "Team" });
    log.add(6, "member", { id: 12, sip: "", grp: "messages?g12", user: "__proto__", role: "admin" });
    await live({ mt: "Event", kind: "lost" });
    expect(device.kinds).toEqual(["mark", "mark", "group", "member"]);
    expect(log.faults).toEqual(["bad-change"]);
  });
});
