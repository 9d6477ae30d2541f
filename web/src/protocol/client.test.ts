import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "./client.ts";
import { redirectDigest, type Proof } from "./digest.ts";
import { isProtocolError } from "./errors.ts";
import { FakeSwitch, inbox, settle } from "./testkit/fakeswitch.ts";
import type { Change, Client, Credentials, Line, LoginState, Receipt, Text } from "./types.ts";

let sw: FakeSwitch;
let client: Client;
let lines: Line[];
let logins: LoginState[];
let credentials: (Credentials | undefined)[];

function newClient(): Client {
  const c = createClient({ url: "ws://pbx.example.com/PBX0/APPCLIENT/websocket", userAgent: "test", socket: sw.connect, random: () => 0.5 });
  c.on("line", (l) => lines.push(l));
  c.on("login", (l) => logins.push(l));
  c.on("credentials", (x) => credentials.push(x));
  return c;
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  sw = new FakeSwitch();
  [lines, logins, credentials] = [[], [], []];
  client = newClient();
});

afterEach(() => {
  client.stop();
  vi.useRealTimers();
});

const alice = { name: "alice", password: "secret-alice" };

/** What a promise came to, as [kind, code] or its value. */
async function outcome(p: Promise<unknown>): Promise<unknown> {
  const settled = await p.catch((e: unknown) => (isProtocolError(e) ? [e.kind, e.code] : e));
  return settled;
}

async function enter(): Promise<void> {
  const p = client.signIn(alice);
  await settle();
  await p;
  await settle();
}

describe("signing in", () => {
  it("goes all the way, and keeps a session instead of the password", async () => {
    await enter();
    expect(client.line.state).toBe("up");
    expect(client.login.user).toMatchObject({ sip: "alice", dn: "Alice", domain: "example.com" });
    expect(credentials).toEqual([{ id: "1".repeat(32), password: "2".repeat(23), sip: "alice", domain: "example.com" }]);
    expect(client.login.sessions.map((s) => s.current)).toEqual([true]);
    expect(client.login.build).toEqual({ version: "test", build: "1" });
    expect(client.login.methods).toEqual({ digest: true, session: true });
    expect(client.signal.registration).toEqual({ state: "open", ice: { stun: ["stun.example.com"], turn: [] } });
    expect(client.messages.store).toEqual({ state: "on" });
    expect(logins.map((l) => l.state)).toEqual(["busy", "in"]);
    expect([...client.faults]).toEqual([]);
    const [register] = sw.now.take("Register");
    expect(register).toMatchObject({ api: "PbxSignal", flags: "IM_EXT|IM_INBOX" });
  });

  it.each([
    [{ name: "alice", domain: "example.com" }, "alice@example.com"],
    [{ name: "alice@other.example", domain: "example.com" }, "alice@other.example"],
    [{ name: "alice" }, "alice"],
  ])("%o logs in as %s", async (who, username) => {
    const p = client.signIn({ ...who, password: alice.password });
    await settle();
    await p;
    expect(sw.now.take("Login").map((f) => f["username"])).toEqual([undefined, username]);
  });

  it("tells a wrong password, and tries no more", async () => {
    const p = outcome(client.signIn({ ...alice, password: "wrong" }));
    await settle();
    expect(await p).toEqual(["login", "credentials"]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sw.sockets).toHaveLength(1);
    expect(client.login.state).toEqual({ state: "out", error: "credentials" });
    expect(credentials).toEqual([]);
  });

  it("does not believe a switch that does not know the password", async () => {
    sw.on("Login", (s, f) => {
      s.proof = { type: "user", domain: "example.com", challenge: "x", username: "alice", password: "guess", nonce: String(f["nonce"]) };
      if (f["response"]) sw.letIn(s);
      else s.say({ mt: "Authenticate", type: "user", method: "digest", domain: "example.com", challenge: "x" });
    });
    const p = outcome(client.signIn(alice));
    await settle();
    expect(await p).toEqual(["login", "digest"]);
    expect(client.login.user).toBeUndefined();
  });

  it("does not believe info that was changed on the way", async () => {
    sw.secondFactor = true;
    const p = outcome(client.signIn(alice));
    await settle();
    sw.letIn(sw.now, (info) => info.replace('"Alice"', '"Mallory"'));
    await settle();
    expect(await p).toEqual(["login", "digest"]);
  });

  it("shows the code of a second factor and waits", async () => {
    sw.secondFactor = true;
    const p = client.signIn(alice);
    await settle();
    expect(client.login.state).toEqual({ state: "second-factor", code: "4711" });
    await vi.advanceTimersByTimeAsync(60_000);
    sw.letIn(sw.now);
    await settle();
    expect((await p).sip).toBe("alice");
  });

  it("tells a refusal of the second factor, and may be cancelled", async () => {
    sw.secondFactor = true;
    let p = outcome(client.signIn(alice));
    await settle();
    sw.now.say({ mt: "LoginResult", error: 6, errorText: "Not authorized" });
    expect(await p).toEqual(["login", "refused"]);
    p = outcome(client.signIn(alice));
    await settle();
    client.cancel();
    expect(await p).toEqual(["login", "cancelled"]);
    expect(sw.now.take("LoginCancel")).toHaveLength(1);
    expect(client.login.state).toEqual({ state: "out", error: "cancelled" });
  });

  it("does not wait for a line that is down", async () => {
    sw.reachable = false;
    expect(await outcome(client.signIn(alice))).toEqual(["line", "down"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sw.sockets).toHaveLength(1);
  });

  it("tells that there were too many attempts", async () => {
    sw.on("Login", (s) => s.drop(1008, "too many logins"));
    expect(await outcome(client.signIn(alice))).toEqual(["login", "wait"]);
  });

  it("follows a redirect that proves itself", async () => {
    let first = true;
    const { letIn } = sw;
    sw.letIn = (s, change) => {
      if (!first) return letIn.call(sw, s, change);
      first = false;
      const info = JSON.stringify({ host: "pbx2.example.com", http: 8080, https: 443, mod: "PBX1", session: sw.session(s.proof as Proof) });
      s.say(`{"mt":"Redirect","info":${info},"digest":"${redirectDigest(s.proof as Proof, info)}"}`);
    };
    const p = client.signIn(alice);
    await settle();
    expect((await p).sip).toBe("alice");
    expect(sw.now.url).toBe("ws://pbx2.example.com:8080/PBX1/APPCLIENT/websocket");
    expect(sw.now.take("Login").map((f) => f["type"])).toEqual(["session", "session"]);
  });
});

describe("a session", () => {
  const kept: Credentials = { id: "1".repeat(32), password: "2".repeat(23), sip: "alice", domain: "example.com" };

  it("resumes, however long the line is down", async () => {
    sw.sessions.set(kept.id, kept.password);
    sw.reachable = false;
    const p = client.resume(kept);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(client.login.state).toEqual({ state: "busy", resumed: true });
    sw.reachable = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await p).sip).toBe("alice");
    expect(credentials).toEqual([]);
  });

  it("that has expired is forgotten", async () => {
    const p = outcome(client.resume(kept));
    await settle();
    expect(await p).toEqual(["login", "expired"]);
    expect(credentials).toEqual([undefined]);
    expect(client.line.state).toBe("down");
  });

  it("survives two refusals that may be the guard's, not a third", async () => {
    sw.sessions.set(kept.id, "another");
    const p = outcome(client.resume(kept));
    await settle();
    expect(client.login.state.state).toBe("busy");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await p).toEqual(["login", "expired"]);
    expect(sw.sockets).toHaveLength(3);
  });

  it("survives a switch that cannot prove itself", async () => {
    sw.on("Login", (s, f) => {
      if (!f["response"]) return s.say({ mt: "Authenticate", type: "session", method: "digest", domain: "example.com", challenge: "x" });
      s.say({ mt: "LoginResult", info: { user: { domain: "example.com", sip: "alice" } }, digest: "00" });
    });
    const p = outcome(client.resume(kept));
    await settle();
    expect(await p).toEqual(["login", "digest"]);
    expect(credentials).toEqual([]);
  });

  it("that is ended elsewhere ends here", async () => {
    await enter();
    sw.now.say({ mt: "LogoutResult" });
    expect(client.login.state).toEqual({ state: "out", error: "revoked" });
    expect(credentials.at(-1)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(sw.sockets).toHaveLength(1);
  });

  it("signs out for good", async () => {
    await enter();
    const p = client.signOut();
    await settle();
    await p;
    expect(sw.now.take("Logout")).toHaveLength(1);
    expect(client.login.state).toEqual({ state: "out" });
    expect(credentials.at(-1)).toBeUndefined();
  });

  it("signs out even if the switch does not answer", async () => {
    await enter();
    sw.on("Logout", () => undefined);
    const p = client.signOut();
    await vi.advanceTimersByTimeAsync(5_000);
    await p;
    expect(client.line.state).toBe("down");
  });
});

describe("after a loss", () => {
  it("comes back by itself and restores everything", async () => {
    const changes: Change[] = [];
    const tokens: string[] = [];
    client.sync.start({
      changes: (c, t) => (changes.push(...c), void tokens.push(t)),
      reset: (t) => void tokens.push(t),
    });
    const people: string[] = [];
    await enter();
    client.presence.watch("bob", (p) => people.push(p.state));
    client.presence.setInactive(true);
    expect(client.sync.current).toBe(true);
    sw.now.take("SubscribePresence");
    sw.now.drop();
    expect(client.line).toMatchObject({ state: "down", reason: "lost", code: 1006 });
    expect(client.signal.registration.state).toBe("none");
    expect(client.sync.current).toBe(false);
    await vi.advanceTimersByTimeAsync(600);
    expect(client.line.state).toBe("up");
    expect(sw.sockets).toHaveLength(2);
    expect(sw.now.take("Login").map((f) => f["type"])).toEqual(["session", "session"]);
    expect(sw.now.take("Register")).toHaveLength(1);
    expect(sw.now.take("Session")).toHaveLength(1);
    expect(sw.now.take("SetUserActivity")).toMatchObject([{ inactive: true }]);
    expect(sw.now.take("SubscribePresence")).toMatchObject([{ sip: "bob" }]);
    expect(sw.now.take("Sync").map((f) => f["since"])).toEqual(["t0"]);
    expect(client.sync.current).toBe(true);
    expect(client.login.state.state).toBe("in");
    expect(tokens.length).toBeGreaterThan(0);
    expect(changes).toEqual([]);
  });

  it("waits longer each time, up to half a minute, and begins anew when all was well", async () => {
    await enter();
    await vi.advanceTimersByTimeAsync(20_000);
    sw.reachable = false;
    sw.now.drop();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const line = client.line;
      if (line.state !== "down" || line.next === undefined) throw new Error("no next attempt");
      waits.push(line.next - Date.now());
      await vi.advanceTimersByTimeAsync(line.next - Date.now());
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]);
    const since = client.line.since;
    sw.reachable = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.line.state).toBe("up");
    expect(since).toBe(1_700_000_000_000 + 20_000);
    sw.now.drop();
    const line = client.line;
    expect(line.state === "down" && line.next).toBe(Date.now() + 500);
  });

  it("does not hurry after a line that falls at once", async () => {
    await enter();
    for (const wait of [500, 1000, 2000]) {
      sw.now.drop();
      const line = client.line;
      expect(line.state === "down" && line.next).toBe(Date.now() + wait);
      await vi.advanceTimersByTimeAsync(wait);
      expect(client.line.state).toBe("up");
    }
  });

  it("spreads its attempts by chance", async () => {
    client = createClient({ url: "ws://x/", userAgent: "t", socket: sw.connect, random: () => 0.999 });
    await enter();
    sw.now.drop();
    const line = client.line;
    expect(line.state === "down" && (line.next ?? 0) - Date.now()).toBe(750);
  });

  it("tries at once when told, or when the network is back", async () => {
    await enter();
    sw.reachable = false;
    sw.now.drop();
    client.setOnline(false);
    expect(client.line).toMatchObject({ state: "down", reason: "offline" });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(sw.sockets).toHaveLength(1);
    sw.reachable = true;
    client.setOnline(true);
    await settle();
    expect(client.line.state).toBe("up");
    sw.now.drop();
    client.retryNow();
    await settle();
    expect(client.line.state).toBe("up");
  });

  it("asks a line that is silent, and gives it up without answer", async () => {
    await enter();
    sw.now.sent.length = 0;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(sw.now.take("KeepAlive")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(client.line.state).toBe("up"); // it was answered
    sw.on("KeepAlive", () => undefined);
    await vi.advanceTimersByTimeAsync(11_100);
    expect(client.line).toMatchObject({ state: "down", reason: "silent" });
    expect(sw.sockets[0]?.closed).toBe(true);
  });

  it("asks at once when told, such as after sleep", async () => {
    await enter();
    sw.on("KeepAlive", () => undefined);
    client.retryNow();
    await vi.advanceTimersByTimeAsync(9_900);
    expect(client.line.state).toBe("up");
    await vi.advanceTimersByTimeAsync(100);
    expect(client.line).toMatchObject({ state: "down", reason: "silent" });
  });

  it("says that a switch shuts down", async () => {
    await enter();
    sw.now.drop(1001, "shutdown");
    expect(client.line).toMatchObject({ state: "down", reason: "shutdown", code: 1001, text: "shutdown" });
  });

  it("gives up a connection that does not open", async () => {
    sw.hanging = true;
    const p = outcome(client.signIn(alice));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await p).toEqual(["line", "down"]);
    expect(sw.now.closed).toBe(true);
  });
});

describe("what waits when the line falls", () => {
  it("is told as lost: nobody knows what became of it", async () => {
    await enter();
    sw.on("ReadChats", () => undefined);
    const asked = outcome(client.messages.readChats());
    const sent = outcome(client.signal.send({ chat: "bob", data: "x" }));
    sw.now.drop();
    expect(await asked).toEqual(["line", "lost"]);
    expect(await sent).toEqual(["line", "lost"]);
    expect(await outcome(client.messages.readChats())).toEqual(["line", "down"]);
    expect(await outcome(client.signal.send({ chat: "bob", data: "x" }))).toEqual(["line", "down"]);
  });

  it("waits for what is about to open, and no longer", async () => {
    let refuse = false;
    sw.on("Register", (s, f) => {
      s.say({ api: f.api, mt: "RegisterResult", src: f.src, ...(refuse && { err: "blocked" }) });
      if (!refuse) setTimeout(() => sw.setUpInbox(s, f), 100);
    });
    sw.on("Session", (s, f) => void setTimeout(() => s.say({ api: f.api, mt: refuse ? "Error" : "SessionResult", src: f.src, errorText: "no stored chats" }), 100));
    sw.on("ReadChats", (s, f) => s.say({ api: f.api, mt: "ReadChatsResult", src: f.src }));
    await enter();
    let sent = outcome(client.signal.send({ chat: "bob", id: "early", data: "x" }));
    let asked = outcome(client.messages.readChats());
    await vi.advanceTimersByTimeAsync(200);
    sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: inbox, sig: { type: "facility", fty: [{ type: "im_receipt", chat: "bob", id: "early", state: "sent" }] } });
    expect([await sent, await asked]).toEqual([{ id: "early", timestamp: 0 }, []]);
    refuse = true;
    sw.now.drop();
    await vi.advanceTimersByTimeAsync(500);
    asked = outcome(client.messages.readChats());
    await vi.advanceTimersByTimeAsync(100);
    expect(await asked).toEqual(["api", "no-session"]);
    expect(await outcome(client.signal.send({ chat: "bob", data: "x" }))).toEqual(["line", "down"]); // refused
    refuse = false;
    sw.now.drop();
    await vi.advanceTimersByTimeAsync(1_000);
    sent = outcome(client.signal.send({ chat: "bob", data: "x" }));
    asked = outcome(client.messages.readChats());
    sw.now.drop();
    expect([await sent, await asked]).toEqual([["line", "down"], ["line", "down"]]);
  });

  it("times out without answer, and what comes then is of no use", async () => {
    await enter();
    sw.on("ReadChats", () => undefined);
    const asked = outcome(client.messages.readChats());
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await asked).toEqual(["line", "timeout"]);
    const [f] = sw.now.take("ReadChats");
    sw.now.say({ api: "PbxMessages", mt: "ReadChatsResult", src: f?.src });
    expect([...client.faults]).toEqual([["late-answer", 1]]);
  });
});

describe("the inbox", () => {
  it("that the switch closes is opened again", async () => {
    await enter();
    sw.now.sent.length = 0;
    sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: inbox, sig: { type: "rel", cau: { num: 102 } } });
    expect(client.signal.registration.state).toBe("registering");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.signal.registration.state).toBe("open");
    expect(sw.now.take("Register")).toHaveLength(1);
  });

  it("is asked for again where the registration is refused or taken away", async () => {
    let err: string | undefined = "too many registrations";
    sw.on("Register", (s, f) => {
      s.say({ api: f.api, mt: "RegisterResult", src: f.src, ...(err && { err }) });
      if (!err) sw.setUpInbox(s, f);
    });
    await enter();
    expect(client.signal.registration).toEqual({ state: "refused", reason: "too many registrations" });
    err = undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.signal.registration.state).toBe("open");
    sw.now.say({ api: "PbxSignal", mt: "RegisterResult", src: "s", err: "replaced" });
    expect(client.signal.registration).toEqual({ state: "refused", reason: "replaced" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.signal.registration.state).toBe("open");
  });

  it("puts texts in parts together, whoever else writes meanwhile", async () => {
    const texts: Text[] = [];
    client.on("text", (t) => texts.push(t));
    await enter();
    const say = (m: object): void => sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: inbox, sig: { type: "facility", fty: [{ type: "im_message", ...m }] } });
    say({ chat: "bob", sender: "bob", data: "one ", more: true });
    say({ chat: "carol", sender: "carol", data: "hi", id: "c1", time: 1_700_000_000 });
    say({ chat: "bob", sender: "bob", typing: true });
    say({ chat: "bob", sender: "bob", data: "two", id: "b1", mid: 5, timestamp: 1_700_000_000_123, attach: "https%3A%2F%2Fx%2Fy%3Ft%3D1 javascript%3Ax %" });
    expect(texts.map((t) => [t.chat, t.data, t.timestamp])).toEqual([["carol", "hi", 1_700_000_000_000], ["bob", "one two", 1_700_000_000_123]]);
    expect(texts[1]).toMatchObject({ mid: 5, attach: ["https://x/y?t=1"], own: false });
    await vi.advanceTimersByTimeAsync(50);
    const marks = sw.now.take("Signaling").flatMap((f) => (f["sig"] as { fty?: object[] }).fty ?? []);
    expect(marks).toEqual([
      { type: "im_receipt", chat: "carol", id: "c1", state: "delivered" },
      { type: "im_receipt", chat: "bob", mid: 5, id: "b1", state: "delivered" },
    ]);
  });

  it("never throws for what comes, and counts it", async () => {
    const receipts: Receipt[] = [];
    client.on("receipt", (r) => receipts.push(r));
    client.on("text", () => {
      throw new Error("a listener that fails");
    });
    const shown = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await enter();
    const signal = (m: object): object => ({ api: "PbxSignal", mt: "Signaling", src: "s", call: inbox, sig: m });
    const nonsense: (object | string)[] = [
      "", "{", "[]", "null", "1", '"x"', "{}", '{"mt":1}', '{"mt":"Nonsense"}', '{"mt":"UpdateUser"}', '{"mt":"UpdateUser","user":[]}',
      '{"mt":"SessionAdded"}', '{"mt":"SessionAdded","info":7,"id":{}}', '{"mt":"UpdatePresence","sip":{}}', '{"mt":"UpdateOwnPresence","presence":{}}',
      '{"mt":"Authenticate"}', '{"mt":"LoginResult","info":{}}', '{"api":"PbxSignal","mt":"Signaling"}', '{"api":"PbxSignal","mt":"Signaling","call":"x","sig":{}}',
      '{"api":"PbxApi","mt":"ProfileContactAdded","src":"profile","profile":{"contact":{"id":"x"}}}', '{"api":"__proto__","mt":"constructor"}',
      '{"api":"PbxMessages","mt":"Event","src":"m1","kind":"message"}', '{"api":"PbxMessages","mt":"Error"}', '{"api":"PbxMessages","mt":"toString","src":"__proto__"}',
      signal({ type: "setup", channel: 0, fty: [{ type: "im_setup" }] }), signal({ type: "facility", fty: "x" }), signal({ type: "facility", fty: [null, 1, []] }),
      signal({ type: "facility", fty: [{ type: "im_message", chat: "bob" }] }), signal({ type: "facility", fty: [{ type: "im_message", sender: "bob", data: 7, chat: {} }] }),
      signal({ type: "facility", fty: [{ type: "im_receipt", state: "eaten", chat: "bob" }] }), signal({ type: "facility", fty: [{ type: "im_message", chat: "bob", sender: "bob", data: "x" }] }),
      { api: "PbxSignal", mt: "Signaling", call: 99, sig: { type: "conn" } }, "x".repeat(300_000),
    ];
    for (const frame of nonsense) sw.now.say(frame);
    sw.now.onmessage?.({ data: new ArrayBuffer(3) } as never);
    await settle();
    expect(client.line.state).toBe("up");
    expect(receipts).toEqual([]);
    expect(shown).toHaveBeenCalledTimes(1); // the listener's
    shown.mockRestore();
    const count = [...client.faults.values()].reduce((a, b) => a + b, 0);
    expect(count).toBeGreaterThan(20);
    expect(client.faults.get("binary")).toBe(1);
    expect(client.faults.get("too-long")).toBe(1);
    expect(await outcome(Promise.race([client.messages.readChats().catch(() => "asked"), settle().then(() => "asked")]))).toBe("asked");
  });

  it("tells calls that ring and says nothing by itself", async () => {
    await enter();
    const ended: number[] = [];
    const signals: unknown[] = [];
    let ringing: Parameters<Parameters<typeof client.on<"call">>[1]>[0] | undefined;
    client.on("call", (c) => (ringing = c));
    sw.now.sent.length = 0;
    const setup = { type: "setup", channel: -1, cg: { sip: "bob", num: "102" }, cd: { sip: "alice" }, fty: [{ type: "name_identification", name: "Bob" }], channels: {} };
    sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: -5, sig: setup });
    expect(ringing).toMatchObject({ call: -5, media: true, from: { sip: "bob", num: "102", name: "Bob" } });
    expect(sw.now.sent).toEqual([]);
    ringing?.onSignal((s) => signals.push(s));
    ringing?.onEnd((c) => ended.push(c));
    ringing?.proceed();
    ringing?.alert();
    expect(sw.now.take("Signaling").map((f) => [f["call"], (f["sig"] as { type: string }).type])).toEqual([[-5, "call_proc"], [-5, "alert"]]);
    sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: -5, sig: { type: "channels" } });
    sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: -5, sig: { type: "rel", cau: { num: "19" } } });
    expect([signals, ended]).toEqual([[{ type: "channels" }], [19]]);
    ringing?.release(21); // too late: nothing is sent on a number that is free
    expect(sw.now.sent).toEqual([]);
    sw.now.say({ api: "PbxSignal", mt: "Signaling", src: "s", call: -6, sig: setup });
    ringing?.onEnd((c) => ended.push(c));
    sw.now.drop();
    expect(ended).toEqual([19, 41]);
  });
});

describe("the store", () => {
  it("that does not answer is asked for again in ten seconds and a bit", async () => {
    let text: string | undefined = "the Messages service is not connected";
    sw.on("Session", (s, f) => s.say(text ? { api: f.api, mt: "Error", src: f.src, error: 3, errorText: text } : { api: f.api, mt: "SessionResult", src: f.src }));
    await enter();
    expect(client.messages.store).toEqual({ state: "away", why: text });
    text = undefined;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.messages.store.state).toBe("away");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(client.messages.store).toEqual({ state: "on" });
    const src = `m${sw.now.take("Session").length}`;
    text = "no stored chats";
    sw.now.say({ api: "PbxMessages", mt: "Error", src, error: 3, errorText: text });
    expect(client.messages.store).toEqual({ state: "off", why: text });
    expect(client.sync.current).toBe(false);
  });
});
