// Whatever a switch says, this layer throws nothing and goes on: frames of the recorded
// dialogues, with members taken out, exchanged and made of other types.
import { expect, it, vi } from "vitest";
import { createClient } from "./client.ts";
import type { Frame } from "./decode.ts";
import { dialogues, Values } from "./testkit/dialogue.ts";
import { FakeSwitch, inbox, settle } from "./testkit/fakeswitch.ts";

/** mulberry32: the same frames in each run. */
function chance(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const odd = [null, true, false, 0, -1, 1.5, 2 ** 60, "", "x", "__proto__", "constructor", "9".repeat(20), [], [[]], {}, { mt: {} }, "\ud800", "😀", "x".repeat(70_000)];

function spoil(v: unknown, random: () => number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  if (random() < 0.06) return pick(odd);
  if (Array.isArray(v)) return v.flatMap((x) => (random() < 0.05 ? [] : random() < 0.05 ? [x, x] : [spoil(x, random)]));
  if (typeof v !== "object" || v === null) return v;
  return Object.fromEntries(Object.entries(v).flatMap(([k, x]) => {
    if (random() < 0.05) return [];
    return [[random() < 0.03 ? pick(["__proto__", "toString", "src", "mt", k.toUpperCase()]) : k, spoil(x, random)]];
  }));
}

it("nothing that a switch says is thrown back", async () => {
  vi.useFakeTimers();
  const shown = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const sw = new FakeSwitch();
  const random = chance(7);
  const c = createClient({ url: "ws://pbx.example.com/", userAgent: "fuzz", socket: sw.connect });
  const told = new Map<string, number>();
  for (const e of ["text", "receipt", "typing", "call", "presence", "sessions", "user", "registration", "store", "trace", "fault", "login"] as const) {
    c.on(e, () => told.set(e, (told.get(e) ?? 0) + 1));
  }
  c.sync.start({ changes: (list) => void told.set("change", (told.get("change") ?? 0) + list.length), reset: () => undefined });
  c.presence.watch("bob", () => undefined);
  c.people.contacts(() => undefined);
  const frames = dialogues().flatMap((d) => {
    const values = new Values();
    for (const device of d.devices.keys()) values.set("inbox." + device, inbox);
    return d.steps.filter((s) => s.act.startsWith("<") && s.rest.startsWith("{")).map((s) => values.fill(JSON.parse(s.rest)) as Frame);
  });
  const enter = async (): Promise<void> => {
    const p = c.signIn({ name: "alice", password: "secret-alice" });
    await settle();
    await p;
    await settle();
  };
  await enter();
  let asked = 0;
  let answered = 0;
  for (let round = 0; round < 4; round++) {
    for (const f of frames) {
      if (c.login.state.state !== "in") await enter(); // an unasked LogoutResult ends the session, rightly
      const request = random() < 0.2 ? c.messages.readChat("bob") : undefined;
      if (request) asked++;
      request?.then(() => answered++, () => answered++);
      await settle();
      const src = request ? sw.now.take("ReadChat")[0]?.src : random() < 0.5 ? "s" : "m1";
      sw.now.say(spoil({ ...f, ...(random() < 0.7 && { src }) }, random) as object);
      if (request) sw.now.say({ api: "PbxMessages", mt: "ReadChatResult", src });
      sw.now.sent.length = 0;
    }
  }
  await vi.advanceTimersByTimeAsync(120_000);
  expect(c.line.state).toBe("up");
  expect(shown.mock.calls).toEqual([]);
  expect(answered).toBe(asked);
  expect(c.faults.size).toBeGreaterThan(10);
  expect(c.faults.size).toBeLessThanOrEqual(65);
  for (const e of ["text", "receipt", "call", "presence", "sessions"]) expect(told.get(e) ?? 0, e).toBeGreaterThan(0);
  expect(({} as Record<string, unknown>)["mt"]).toBeUndefined();
  c.stop();
  shown.mockRestore();
  vi.useRealTimers();
}, 60_000);
