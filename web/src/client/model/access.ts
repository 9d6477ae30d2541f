// Signing in and out, resuming, the second factor, and the list of sessions. Makes and
// closes the Home of the person.
import type { Signal } from "@preact/signals";
import type { Client, Credentials, LoginCode, SessionInfo, Stop, User } from "../../protocol/index.ts";
import { CredentialStore } from "./credentials.ts";
import { Home, personKey, type Surface } from "./home.ts";
import type { Platform } from "./platform.ts";
import { openStore } from "./store.ts";
import { cut } from "./text.ts";
import type { DeviceSession, SignIn, SignInError } from "./types.ts";
import { failureOf, type Words } from "./words.ts";

/** So long a resumed client shows nothing while it waits for the line; then it shows what it has. */
const patience = 2500;
/** Nobody has seen the page for so long: the person is shown as away. */
const awayAfter = 5 * 60_000;

/** After these the kept session is of no use any more; after others the next start tries it again. */
const ended: ReadonlySet<LoginCode> = new Set(["expired", "revoked", "credentials", "refused"]);

export interface AccessSurface extends Surface {
  readonly signIn: Signal<SignIn>;
  readonly sessions: Signal<readonly DeviceSession[]>;
}

export class Access {
  home: Home | undefined;
  private readonly kept: CredentialStore;
  private credentials: Credentials | undefined;
  private remember = false;
  private last: { domain?: string; name?: string } = {};
  private readonly stops: Stop[] = [];
  /** Homes are made and closed one after the other. */
  private making: Promise<void> = Promise.resolve();
  private leaving = false;
  private closed = false;
  private away: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    private readonly platform: Platform,
    private readonly words: Words,
    private readonly surface: AccessSurface,
  ) {
    this.kept = new CredentialStore(platform);
    this.stops.push(
      client.on("credentials", (c) => this.keep(c)),
      client.on("login", (s) => {
        if (s.state === "second-factor") {
          surface.signIn.value = { step: "second-factor", code: s.code };
        } else if (s.state === "out" && this.home !== undefined && !this.leaving) {
          void this.out(s.error);
        }
      }),
      client.on("user", (user) => this.credentials !== undefined && this.kept.write({ credentials: this.credentials, user }, this.remember)),
      client.on("sessions", (list) => (surface.sessions.value = list.map(deviceOf))),
      client.on("line", (l) => {
        if (this.home === undefined) {
          surface.line.value = { ...surface.line.peek(), state: l.state };
        }
      }),
      platform.watch(({ online, visible }) => {
        client.setOnline(online);
        this.seen(visible);
      }),
    );
  }

  private seen(visible: boolean): void {
    clearTimeout(this.away);
    if (visible) {
      this.client.presence.setInactive(false);
    } else {
      this.home?.leave(); // the last word before a page goes is that it is hidden
      this.away = setTimeout(() => this.client.presence.setInactive(true), awayAfter);
    }
  }

  /** Goes on with the session that is kept, if there is one. */
  begin(): void {
    const kept = this.kept.read();
    if (kept !== undefined) {
      this.remember = this.kept.remembered;
      void this.resume(kept.credentials, kept.user);
    }
  }

  private async resume(credentials: Credentials, user: User | undefined): Promise<void> {
    this.credentials = credentials;
    this.last = { domain: credentials.domain, name: credentials.sip };
    this.surface.signIn.value = { step: "busy", resumed: true };
    // Without a line there is still what this browser kept, and what waits to be sent.
    const impatient = user && setTimeout(() => void this.in(user), patience);
    try {
      const now = await this.client.resume(credentials);
      clearTimeout(impatient);
      await this.in(now);
    } catch (e) {
      clearTimeout(impatient);
      if (!this.closed) {
        await this.out(codeOf(e));
      }
    }
  }

  async enter(domain: string, name: string, password: string, remember: boolean): Promise<void> {
    this.remember = remember;
    this.last = { domain, name };
    this.surface.signIn.value = { step: "busy", resumed: false };
    try {
      const user = await this.client.signIn({ name, password, ...(domain === "" ? {} : { domain }) });
      await this.in(user);
    } catch (e) {
      const code = codeOf(e);
      this.surface.signIn.value = { step: "out", ...this.last, ...(code === "cancelled" ? {} : { error: errorOf(code) }) };
    }
  }

  private keep(c: Credentials | undefined): void {
    this.credentials = c;
    if (c === undefined) {
      this.kept.forget();
    } else {
      const { user } = this.client.login;
      this.kept.write({ credentials: c, ...(user === undefined ? {} : { user }) }, this.remember);
    }
  }

  private in(user: User): Promise<void> {
    return this.chain(async () => {
      if (this.credentials !== undefined) {
        this.kept.write({ credentials: this.credentials, user }, this.remember);
      }
      if (this.home !== undefined && this.home.me !== user.sip) {
        await this.home.close(false); // renamed since the last time
        this.home = undefined;
      }
      if (this.home === undefined) {
        const store = await openStore(this.platform.indexedDB, `tandem/${personKey(user)}`);
        if (!store.durable) {
          this.surface.notice({ kind: "error", code: "store", text: this.words("store.memory") });
        }
        const home = new Home(this.client, this.platform, this.words, store, this.surface, user, () => void this.leftElsewhere(), () => this.remember);
        this.home = home;
        await home.start();
      }
      this.surface.signIn.value = { step: "in" };
    });
  }

  /** The session has ended without the person's doing here. What waits is kept for the next time. */
  private out(error: LoginCode | undefined): Promise<void> {
    return this.chain(async () => {
      if (error !== undefined && ended.has(error)) {
        this.kept.forget();
        this.credentials = undefined;
      }
      this.surface.signIn.value = { step: "out", ...this.last, ...(error === "cancelled" ? {} : { error: errorOf(error) }) };
      if (error !== undefined && ended.has(error)) {
        await this.home?.forgetTexts();
      }
      await this.shut(false);
    });
  }

  /** Ends the session, here and with the server, and forgets what this browser has of the person. */
  async leave(): Promise<void> {
    await this.goodbye(true);
  }

  /** Another tab has: this browser is to know nothing any more. */
  private async leftElsewhere(): Promise<void> {
    await this.goodbye(false);
  }

  private async goodbye(forget: boolean): Promise<void> {
    this.leaving = true;
    try {
      await this.client.signOut().catch(() => undefined); // without a line the server ends it by itself some day
      await this.chain(async () => {
        this.kept.forget();
        this.credentials = undefined;
        this.surface.signIn.value = { step: "out", ...this.last };
        await this.shut(forget);
      });
    } finally {
      this.leaving = false;
    }
  }

  private async shut(forget: boolean): Promise<void> {
    const { home } = this;
    this.home = undefined;
    this.surface.sessions.value = [];
    await home?.close(forget);
  }

  private chain(f: () => Promise<void>): Promise<void> {
    this.making = this.making.then(f, f);
    return this.making;
  }

  /** Ends the page: the session stays. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.away);
    this.stops.forEach((stop) => stop());
    await this.chain(() => this.shut(false));
    this.client.stop();
  }
}

function deviceOf(s: SessionInfo): DeviceSession {
  return {
    id: s.id, current: s.current, userAgent: cut(s.userAgent, 200), time: s.timestamp,
    ...(s.needsAuthorization && s.code !== undefined ? { code: s.code } : {}),
  };
}

function codeOf(e: unknown): LoginCode | undefined {
  const { kind, code } = failureOf(e);
  return kind === "login" ? (code as LoginCode) : undefined;
}

function errorOf(code: LoginCode | undefined): SignInError {
  switch (code) {
    case "credentials":
    case "expired":
    case "revoked":
    case "wait":
      return { code };
    case "refused":
    case "digest":
      return { code: "refused" };
    default:
      return { code: "unreachable" };
  }
}
