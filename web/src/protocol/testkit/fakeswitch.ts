// A switch for tests: in the same process, with sockets that tests open, cut and close.
// It knows the login with its digests and answers the rest as it is told.
import type { Frame } from "../decode.ts";
import { loginResponse, loginResultDigest, type Proof } from "../digest.ts";
import { hex } from "../names.ts";
import { rc4 } from "../rc4.ts";
import type { SocketLike } from "../types.ts";

const utf8 = new TextEncoder();

/** The end of a websocket that is in the hands of the test. */
export class FakeSocket implements SocketLike {
  onopen: ((e: never) => void) | null = null;
  onclose: ((e: never) => void) | null = null;
  onmessage: ((e: never) => void) | null = null;
  onerror: ((e: never) => void) | null = null;
  /** What the client has sent and nobody has looked at. */
  readonly sent: Frame[] = [];
  closed = false;
  /** Of the login that runs on this socket. */
  proof: Proof | undefined;

  constructor(
    readonly url: string,
    private readonly served: (s: FakeSocket, f: Frame) => void,
  ) {}

  send(text: string): void {
    if (this.closed) throw new Error("closed");
    const frame = JSON.parse(text) as Frame;
    this.sent.push(frame);
    // Like a network: never answered before send() has returned.
    queueMicrotask(() => !this.closed && this.served(this, frame));
  }

  close(): void {
    this.closed = true;
  }

  // ------------------------------------------------------------ what the switch does

  open(): void {
    this.onopen?.({} as never);
  }

  say(frame: object | string): void {
    if (!this.closed) this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) } as never);
  }

  /** Closes with a code; 1006 is a cut. */
  drop(code = 1006, reason = ""): void {
    this.closed = true;
    this.onclose?.({ code, reason } as never);
  }

  /** Frames of a type that the client has sent, and takes them out. */
  take(mt: string): Frame[] {
    const found = this.sent.filter((f) => f.mt === mt);
    for (const f of found) this.sent.splice(this.sent.indexOf(f), 1);
    return found;
  }
}

export type Answer = (s: FakeSocket, f: Frame) => void;

/** Number of the inbox leg of every socket. */
export const inbox = -1;

export class FakeSwitch {
  readonly sockets: FakeSocket[] = [];
  readonly person = { sip: "alice", dn: "Alice", domain: "example.com", guid: "0123456789abcdef0123456789abcdef", password: "secret-alice" };
  /** Sessions that may log in. */
  readonly sessions = new Map<string, string>();
  /** What is said to a message, by mt; undefined: the default below. */
  readonly answers = new Map<string, Answer>();
  /** Sockets open by themselves. */
  reachable = true;
  /** Sockets neither open nor fail. */
  hanging = false;
  secondFactor = false;

  readonly connect = (url: string): FakeSocket => {
    const s = new FakeSocket(url, (from, f) => this.serve(from, f));
    this.sockets.push(s);
    if (!this.hanging) queueMicrotask(() => (this.reachable ? s.open() : s.drop()));
    return s;
  };

  /** The newest socket. */
  get now(): FakeSocket {
    const s = this.sockets.at(-1);
    if (!s) throw new Error("nobody has connected");
    return s;
  }

  on(mt: string, answer: Answer): void {
    this.answers.set(mt, answer);
  }

  private serve(s: FakeSocket, f: Frame): void {
    const own = this.answers.get(f.mt);
    if (own) return own(s, f);
    switch (f.mt) {
      case "KeepAlive":
        return s.say({ mt: "KeepAlive" });
      case "CheckBuild":
        return s.say({ mt: "CheckBuildResult", src: f.src, version: "test", build: "1" });
      case "LoginInfo":
        return s.say({ mt: "LoginInfoResult", src: f.src, user: { digest: true }, session: { digest: true } });
      case "Login":
        return this.login(s, f);
      case "Logout":
        return s.say({ mt: "LogoutResult" });
      case "Register":
        s.say({ api: f.api, mt: "RegisterResult", src: f.src, stun: "stun.example.com" });
        return this.setUpInbox(s, f);
      case "Session":
        return s.say({ api: f.api, mt: "SessionResult", src: f.src, session: 7 });
      case "Sync":
        return s.say({ api: f.api, mt: "SyncResult", src: f.src, since: "t0" });
    }
  }

  setUpInbox(s: FakeSocket, f: Frame): void {
    const me = { sip: this.person.sip, num: "101" };
    const sig = { type: "setup", channel: 0, cg: me, cd: me, fty: [{ type: "im_setup", inbox: true }] };
    s.say({ api: f.api, mt: "Signaling", src: f.src, call: inbox, sig });
  }

  private login(s: FakeSocket, f: Frame): void {
    const type = f["type"] as "user" | "session";
    if (!f["response"]) {
      s.proof = { type, domain: this.person.domain, challenge: "0123456789abcdef", username: "", password: "", nonce: "" };
      return s.say({ mt: "Authenticate", type, method: "digest", domain: this.person.domain, challenge: s.proof.challenge });
    }
    const username = String(f["username"]);
    const password = type === "user" ? this.person.password : this.sessions.get(username);
    if (password === undefined) return s.say({ mt: "LoginResult", error: 5, errorText: "Session expired" });
    s.proof = { ...(s.proof as Proof), username, password, nonce: String(f["nonce"]) };
    if (loginResponse(s.proof) !== f["response"]) return s.say({ mt: "LoginResult", error: 2, errorText: "Authentication failed" });
    if (this.secondFactor && type === "user") return s.say({ mt: "Authorize", code: 4711 });
    this.letIn(s);
  }

  /** LoginResult as the switch makes it; `change` spoils the info behind the digest. */
  letIn(s: FakeSocket, change: (info: string) => string = (i) => i): void {
    const proof = s.proof as Proof;
    const { sip, dn, domain, guid } = this.person;
    const info = JSON.stringify({ user: { domain, sip, guid, dn, num: "101" }, ...(proof.type === "user" && { session: this.session(proof) }), apis: [] });
    s.say(`{"mt":"LoginResult","info":${change(info)},"digest":"${loginResultDigest(proof, info)}"}`);
    s.say({ mt: "UpdateUser", user: { domain, sip, guid, dn } });
    s.say({ mt: "SessionAdded", id: "1".repeat(32), info: { id: "1".repeat(32), current: true, userAgent: "test", timestamp: 1 } });
  }

  session(proof: Proof): { usr: string; pwd: string } {
    const [id, password] = ["1".repeat(32), "2".repeat(23)];
    this.sessions.set(id, password);
    const seal = (what: string, v: string): string => hex(rc4(utf8.encode(`innovaphoneAppClient:${what}:${proof.nonce}:${proof.password}`), utf8.encode(v)));
    return { usr: seal("usr", id), pwd: seal("pwd", password) };
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
