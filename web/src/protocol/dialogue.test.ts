// The client in the place of the devices with an inbox in the recorded dialogues: it says
// what they say, and takes what the switch says without a fault.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "./client.ts";
import { type Frame, obj, type Obj } from "./decode.ts";
import { type ProtocolError } from "./errors.ts";
import { facilityAct, requestAct } from "./testkit/acts.ts";
import { type Dialogue, dialogues, type Step, Values } from "./testkit/dialogue.ts";
import { FakeSwitch, inbox, settle } from "./testkit/fakeswitch.ts";
import type { Client } from "./types.ts";
import { facilities } from "./wiretext.ts";

/** An act and what became of it. */
interface Asked {
  settled: boolean;
  error: ProtocolError | undefined;
}

class Replay {
  readonly sw = new FakeSwitch();
  readonly client: Client;
  readonly values = new Values();
  /** src of the dialogue to ours, and the acts by it. */
  readonly srcs = new Map<string, string>();
  readonly asked = new Map<string, Asked>();
  /** Requests that a client of ours would not make: their answers are passed over. */
  readonly foreign = new Set<string>();
  compared = 0;
  played = 0;
  over = false;

  constructor(
    readonly dialogue: Dialogue,
    readonly device: string,
  ) {
    const name = device.split(".")[0] ?? "";
    const who = dialogue.people.get(name);
    Object.assign(this.sw.person, { sip: name, dn: who?.dn, password: who?.password });
    for (const mt of ["Session", "Sync"]) this.sw.on(mt, () => undefined); // the dialogue answers
    for (const d of dialogue.devices.keys()) this.values.set("inbox." + d, inbox);
    this.client = createClient({ url: "ws://pbx.example.com/", userAgent: "dialogue", media: "none", socket: this.sw.connect });
  }

  async run(): Promise<void> {
    for (const step of this.dialogue.steps) {
      if (this.over) break;
      if (step.act === "let") this.values.let(step.rest);
      else if (step.device === this.device) await this.step(step);
      else if (step.rest.startsWith("{") && !step.act.includes("?")) this.values.fill(JSON.parse(step.rest)); // binds names
    }
    this.client.stop();
  }

  private async step(step: Step): Promise<void> {
    switch (step.act) {
      case "connect":
        return this.enter();
      case "login":
        this.sw.on("Register", () => undefined);
        return this.enter();
      case "socket":
      case "drop":
      case "closed":
        this.over = true;
        return;
      case ">":
        return this.says(this.read(step));
      case "<":
      case "<~":
        return this.hears(this.read(step));
    }
  }

  private read(step: Step): Obj {
    return this.values.fill(JSON.parse(step.rest)) as Obj;
  }

  private async enter(): Promise<void> {
    const p = this.client.signIn({ name: this.sw.person.sip, password: this.sw.person.password });
    await settle();
    await p;
    await settle();
  }

  // ------------------------------------------------------------ the client's side

  private async says(f: Obj): Promise<void> {
    const src = String(f["src"] ?? "");
    if (f["mt"] === "Session") return this.session(src);
    if (f["mt"] === "Register") return this.compare({ api: "PbxSignal", mt: "Register" }, src);
    const signal = f["api"] === "PbxSignal" ? obj(f["sig"]) : undefined;
    const [facility] = signal ? facilities(signal) : [];
    if (signal?.["type"] === "conn") return this.compare({ mt: "Signaling", sig: signal }, "");
    const act = facility && f["call"] === inbox ? facilityAct(this.client, facility) : f["api"] === "PbxMessages" ? requestAct(this.client, f) : undefined;
    if (act) await this.act(act, f, src);
    else if (signal) this.over = true; // from here on it is another client
    else this.foreign.add(src);
  }

  /** Our client asks by itself, once. */
  private session(src: string): void {
    if ([...this.srcs.values()].some((s) => s.startsWith("m"))) this.foreign.add(src);
    else this.compare({ api: "PbxMessages", mt: "Session", flags: "IM_EXT" }, src);
  }

  private async act(act: () => unknown, f: Obj, src: string): Promise<void> {
    const [facility] = facilities(obj(f["sig"]) ?? {});
    const key = facility?.["type"] === "im_message" && facility["id"] ? "id:" + String(facility["id"]) : src;
    const asked: Asked = { settled: false, error: undefined };
    const result = act();
    if (result instanceof Promise) {
      this.asked.set(key, asked);
      result.then(() => (asked.settled = true), (e: ProtocolError) => Object.assign(asked, { settled: true, error: e }));
    }
    await vi.advanceTimersByTimeAsync(60); // marks wait for company
    // What says nothing new is not said: typing a second time, a mark that does not advance.
    const quiet = facility && ("typing" in facility || facility["type"] === "im_receipt");
    this.compare(f, src, quiet === true);
  }

  /** A frame like this was sent; its src is noted. */
  private compare(want: Obj, src: string, optional = false): void {
    const { src: _, call: __, ...members } = want;
    const found = this.sw.now.sent.find((f) => contains(f, members));
    if (!found && optional) return;
    expect(found, `${this.dialogue.name}: ${JSON.stringify(want)}\nwas not said; said was\n${this.sw.now.sent.map((f) => JSON.stringify(f)).join("\n")}`).toBeDefined();
    this.sw.now.sent.splice(this.sw.now.sent.indexOf(found as Frame), 1);
    if (src && found?.src !== undefined) this.srcs.set(src, String(found.src));
    this.compared++;
  }

  // ------------------------------------------------------------ the switch's side

  private async hears(f: Obj): Promise<void> {
    const src = String(f["src"] ?? "");
    if (this.foreign.has(src)) return;
    const ours = this.srcs.get(src) ?? (f["api"] === "PbxSignal" ? "s" : src);
    this.sw.now.say(complete({ ...f, src: ours }));
    await settle();
    this.played++;
    if (String(f["mt"]).endsWith("Result")) this.check(src, f["error"] !== undefined && f["error"] !== false);
    for (const r of facilities(obj(f["sig"]) ?? {})) {
      if (r["type"] === "im_receipt" && (r["state"] === "sent" || r["state"] === "failed")) this.check("id:" + String(r["id"]), r["state"] === "failed", r["cau"]);
    }
  }

  private check(key: string, failed: boolean, cause?: unknown): void {
    const asked = this.asked.get(key);
    if (!asked) return;
    this.asked.delete(key);
    expect(asked.settled, `${this.dialogue.name}: ${key} is not answered`).toBe(true);
    expect(asked.error !== undefined, `${this.dialogue.name}: ${key} ${String(asked.error)}`).toBe(failed);
    if (cause !== undefined) expect(asked.error?.number).toBe(cause);
  }
}

/** Every member that is wanted is there. Empty ones may be missing. */
function contains(got: unknown, want: unknown): boolean {
  if (Array.isArray(want)) return Array.isArray(got) && got.length === want.length && want.every((w, i) => contains(got[i], w));
  const [g, w] = [obj(got), obj(want)];
  if (!w) return got === want || ((want === "" || want === false) && got === undefined);
  return g !== undefined && Object.entries(w).every(([k, v]) => contains(g[k], v));
}

/** Dialogues show what they are about; what every such frame has besides is added. */
function complete(f: Obj): Obj {
  const sig = obj(f["sig"]);
  if (sig) return { ...f, sig: { ...sig, fty: facilities(sig).map((x) => (x["type"] === "im_message" ? { sender: x["chat"], ...x } : x)) } };
  const msg = obj(f["msg"]);
  return msg ? { sip: "bob", ...f, msg: { id: 1, author: "bob", timestamp: 1, ...msg } } : f;
}

const all = dialogues();
const cases = all.flatMap((d) => [...d.devices].filter(([, flags]) => flags.includes("IM_INBOX")).map(([device]) => ({ d, device, name: `${d.name} as ${device}` })));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("recorded dialogues", () => {
  const totals = { compared: 0, played: 0 };

  it.each(cases)("$name", async ({ d, device }) => {
    const r = new Replay(d, device);
    await r.run();
    totals.compared += r.compared;
    totals.played += r.played;
    expect([...r.client.faults]).toEqual([]);
  });

  it("are many, and say much", () => {
    expect(all.length).toBeGreaterThan(90);
    expect(cases.length).toBeGreaterThan(30);
    expect(totals.compared).toBeGreaterThan(200);
    expect(totals.played).toBeGreaterThan(300);
  });
});
