// The login of a person at the myApps door (appwebsocket.md 2.8): both steps with their
// digests, the second factor, the session, and what the switch tells of it afterwards.
import { bool, type Frame, num, obj, type Obj, str, text } from "./decode.ts";
import { loginResponse, loginResultDigest, openSession, type Proof, rawMember, redirectDigest, verifyInfo } from "./digest.ts";
import { guarded } from "./emitter.ts";
import { lineError, loginCode, loginError, type ProtocolError } from "./errors.ts";
import { hex } from "./names.ts";
import type { Socket } from "./socket.ts";
import type { Build, Credentials, Login, LoginCode, SessionInfo, User } from "./types.ts";

/** What somebody proves to be who he is with. */
export type Secret =
  | { readonly type: "user"; readonly domain: string; readonly name: string; readonly password: string }
  | { readonly type: "session"; readonly credentials: Credentials };

/** A login that has succeeded; `credentials` where it made a session. */
export interface Entry {
  readonly user: User;
  readonly credentials: Credentials | undefined;
}

/** What the login tells the client of which it is a part. */
export interface LoginEvents {
  code(code: string): void;
  user(user: User): void;
  sessions(sessions: readonly SessionInfo[]): void;
  build(build: Build): void;
  /** The switch has ended the session. */
  ended(code: LoginCode): void;
  redirect(url: string): void;
}

/** Answers of the switch while a login runs. */
type Answer = { readonly frame: Frame; readonly raw: string };

const answerLimit = 20_000;
/** The switch gives up after 120 s (2.8.2). */
const secondFactorLimit = 130_000;

export class LoginDoor {
  user: User | undefined;
  sessions: readonly SessionInfo[] = [];
  build: Build | undefined;
  methods: Login["methods"];

  private waits: { readonly resolve: (a: Answer) => void; readonly reject: (e: ProtocolError) => void } | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: { readonly url: string; readonly userAgent: string; readonly page?: string },
    private readonly events: LoginEvents,
  ) {
    socket.on("line", (line) => {
      if (line.state !== "down") return;
      this.sessions = []; // told anew after the next login
      const closed = line.reason === "closed" && line.code === 1008;
      this.waits?.reject(closed ? loginError("wait") : lineError("down", "The switch cannot be reached."));
    });
  }

  /** Logs in on the connection that is open. Rejects with kind "login" or "line", or with Redirected. */
  async enter(secret: Secret): Promise<Entry> {
    this.checkBuild();
    this.askMethods();
    const [proof, answer] = await this.prove(secret);
    if (answer.frame.mt === "Redirect") throw new Redirected(this.redirected(proof, answer, secret));
    return this.entered(proof, answer, secret);
  }

  private checkBuild(): void {
    const ask = { mt: "CheckBuild", ...(this.options.page && { url: this.options.page }) };
    void this.socket.request(ask).then((frame) => {
      const [version, build, url] = [text(frame["version"], 100), text(frame["build"], 100), text(frame["url"], 2000)];
      this.build = { ...(version && { version }), ...(build && { build }), ...(url && { url }) };
      this.events.build(this.build);
    }, () => undefined); // a switch that does not know it is none the worse
  }

  /** How people may log in here: for those who build forms. The login itself does not wait for it. */
  private askMethods(): void {
    void this.socket.request({ mt: "LoginInfo" }).then((frame) => {
      const user = obj(frame["user"]) ?? {};
      const oauth2 = bool(user["oauth2"]) ? str(user["oauth2Name"], 255) : undefined;
      this.methods = { digest: bool(user["digest"]), session: bool(obj(frame["session"])?.["digest"]), ...(oauth2 !== undefined && { oauth2 }) };
    }, () => undefined); // optional for switches (2.8.2)
  }

  /** Both steps of Login, and the wait for another session that confirms it. */
  private async prove(secret: Secret): Promise<readonly [Proof, Answer]> {
    const userAgent = this.options.userAgent.slice(0, 256);
    const { frame: asked } = await this.say({ mt: "Login", type: secret.type, userAgent }, answerLimit);
    if (asked.mt !== "Authenticate") throw failed(asked);
    const proof: Proof = {
      type: secret.type,
      domain: str(asked["domain"], 255),
      challenge: str(asked["challenge"], 64),
      nonce: hex(crypto.getRandomValues(new Uint8Array(16))),
      ...(secret.type === "user"
        ? { username: userName(secret), password: secret.password }
        : { username: secret.credentials.id, password: secret.credentials.password }),
    };
    const claim = { mt: "Login", type: proof.type, method: "digest", username: proof.username, nonce: proof.nonce, response: loginResponse(proof), userAgent };
    let answer = await this.say(claim, answerLimit);
    if (answer.frame.mt === "Authorize") {
      const code = answer.frame["code"];
      this.events.code(typeof code === "number" ? String(code) : str(code, 16));
      answer = await this.next(secondFactorLimit);
    }
    return [proof, answer];
  }

  /** LoginResult: believed only if its digest shows that the switch knows the password too. */
  private entered(proof: Proof, { frame, raw }: Answer, secret: Secret): Entry {
    const info = obj(frame["info"]);
    const rawInfo = rawMember(raw, "info");
    if (frame.mt !== "LoginResult" || !info || rawInfo === undefined) throw failed(frame);
    if (!verifyInfo(rawInfo, str(frame["digest"], 64), (i) => loginResultDigest(proof, i))) throw loginError("digest");
    const user = userFrom(obj(info["user"]) ?? {});
    if (!user) throw loginError("digest");
    this.user = user;
    const credentials = sealedSession(proof, obj(info["session"]), user.sip, user.domain);
    if (secret.type === "user" && !credentials) throw loginError("digest");
    return { user, credentials };
  }

  /** Redirect: with the session that it may bring, or with what one had. */
  private redirected(proof: Proof, { frame, raw }: Answer, secret: Secret): Secret {
    const info = obj(frame["info"]);
    const rawInfo = rawMember(raw, "info");
    if (!info || rawInfo === undefined) throw loginError("temporary");
    if (!verifyInfo(rawInfo, str(frame["digest"], 64), (i) => redirectDigest(proof, i))) throw loginError("digest");
    this.events.redirect(redirectUrl(this.options.url, info));
    const name = secret.type === "user" ? secret.name : secret.credentials.sip;
    const credentials = sealedSession(proof, obj(info["session"]), name, proof.domain);
    return credentials ? { type: "session", credentials } : secret;
  }

  private say(frame: object, limit: number): Promise<Answer> {
    if (!this.socket.send(frame)) return Promise.reject(lineError("down", "The switch cannot be reached."));
    return this.next(limit);
  }

  private next(limit: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.waits?.reject(lineError("timeout", "The switch does not answer.")), limit);
      const end = (): void => {
        clearTimeout(timer);
        this.waits = undefined;
      };
      this.waits = {
        resolve: (a) => (end(), resolve(a)),
        reject: (e) => (end(), reject(e)),
      };
    });
  }

  /** Gives up a login that runs. */
  cancel(): void {
    this.socket.send({ mt: "LoginCancel" });
    this.waits?.reject(loginError("cancelled"));
  }

  /** Takes a message without api; false if it is none of a login. */
  take(frame: Frame, raw: string): boolean {
    switch (frame.mt) {
      case "Authenticate":
      case "Authorize":
      case "LoginResult":
      case "Redirect":
        this.waits?.resolve({ frame, raw });
        return true;
      case "UpdateUser":
        this.updateUser(obj(frame["user"]) ?? {});
        return true;
      case "SessionAdded":
      case "SessionUpdated":
        this.setSession(obj(frame["info"]) ?? {}, str(frame["id"], 64));
        return true;
      case "SessionDeleted":
        this.dropSession(str(frame["id"], 64));
        return true;
      case "LogoutResult":
        guarded(() => this.events.ended("revoked"));
        return true;
      case "UpdateRegister":
      case "LoginInfoResult":
      case "CheckBuildResult":
      case "Wake": // it is awake
      case "StandbyBack":
      case "Disconnect": // the close that follows says it
        return true;
    }
    return false;
  }

  private updateUser(o: Obj): void {
    const user = userFrom(o);
    if (!user) return this.socket.fault("bad-user");
    this.user = user;
    this.events.user(user);
  }

  private setSession(o: Obj, id: string): void {
    if (!id) return this.socket.fault("bad-session");
    const code = typeof o["code"] === "number" ? String(o["code"] || "") : str(o["code"], 16);
    const info: SessionInfo = {
      id, current: bool(o["current"]), userAgent: str(o["userAgent"], 512), timestamp: num(o["timestamp"]) ?? 0,
      ...(code && { code }), needsAuthorization: bool(o["needsAuthorization"]),
    };
    this.sessions = [...this.sessions.filter((s) => s.id !== id), info].sort((a, b) => a.timestamp - b.timestamp);
    this.events.sessions(this.sessions);
  }

  private dropSession(id: string): void {
    this.sessions = this.sessions.filter((s) => s.id !== id);
    this.events.sessions(this.sessions);
  }

  authorize(id: string): void {
    this.socket.send({ mt: "AuthorizeSession", id });
  }

  deleteSession(id: string): void {
    this.socket.send({ mt: "DeleteSession", id });
  }

  setSessionInfo(info: Parameters<Login["setSessionInfo"]>[0]): void {
    this.socket.send({ mt: "SetSessionInfo", ...info });
  }
}

/** Thrown by enter: the switch sends us elsewhere; connect there and enter with this. */
export class Redirected {
  constructor(readonly secret: Secret) {}
}

function failed(frame: Frame): ProtocolError {
  const number = num(frame["error"]) ?? 1;
  return loginError(loginCode(number), number);
}

/** `name@domain` finds the domain whatever the host is; without domain it is that of the host (2.8.2). */
function userName(who: { readonly name: string; readonly domain: string }): string {
  return who.domain && !who.name.includes("@") ? `${who.name}@${who.domain}` : who.name;
}

function userFrom(o: Obj): User | undefined {
  const [sip, domain] = [str(o["sip"], 255), str(o["domain"], 255)];
  if (!sip || !domain) return undefined;
  const [num_, email] = [text(o["num"], 64), text(o["email"], 320)];
  return { sip, domain, guid: str(o["guid"], 64), dn: str(o["dn"], 1024) || sip, ...(num_ && { num: num_ }), ...(email && { email }) };
}

function sealedSession(proof: Proof, session: Obj | undefined, sip: string, domain: string): Credentials | undefined {
  if (!session) return undefined;
  const id = openSession(proof, "usr", str(session["usr"], 1024));
  const password = openSession(proof, "pwd", str(session["pwd"], 1024));
  return id && password ? { id, password, sip, domain } : undefined;
}

function redirectUrl(from: string, info: Obj): string {
  const url = new URL(from);
  const port = num(url.protocol === "wss:" ? info["https"] : info["http"]);
  const host = str(info["host"], 255);
  const mod = str(info["mod"], 64) || "PBX0";
  if (!/^[0-9A-Za-z.:[\]-]+$/.test(host) || !/^[0-9A-Za-z_-]+$/.test(mod)) throw loginError("temporary");
  return `${url.protocol}//${host}${port ? ":" + port : ""}/${mod}/APPCLIENT/websocket`;
}
