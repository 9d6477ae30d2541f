// Who is logged in.
import type { Time } from "./base.ts";
import type { LoginCode } from "./errors.ts";

/** Keep them secret and, if the person wants it, across restarts: they sign in again. */
export interface Credentials {
  /** Id of the session, 32 characters. */
  readonly id: string;
  readonly password: string;
  /** For people: who it is. */
  readonly sip: string;
  readonly domain: string;
}

/** The own user (2.8.3). */
export interface User {
  readonly domain: string;
  readonly sip: string;
  readonly guid: string;
  readonly dn: string;
  readonly num?: string;
  readonly email?: string;
}

/** One of the person's logins. */
export interface SessionInfo {
  readonly id: string;
  readonly current: boolean;
  readonly userAgent: string;
  readonly timestamp: Time;
  /** Shown on both sides while the login waits for its second factor. */
  readonly code?: string;
  readonly needsAuthorization: boolean;
}

export type LoginState =
  /** Nobody is logged in. `error` says why, where it was not asked for. */
  | { readonly state: "out"; readonly error?: LoginCode }
  | { readonly state: "busy"; readonly resumed: boolean }
  /** Another session must confirm it; both show the code. */
  | { readonly state: "second-factor"; readonly code: string }
  /** Logged in, at least once: `line` tells whether at this moment. */
  | { readonly state: "in"; readonly user: User };

/** What the switch runs, as CheckBuild tells it. */
export interface Build {
  readonly version?: string;
  readonly build?: string;
  /** The page should be loaded from here instead. Our switch never says so. */
  readonly url?: string;
}

/** The login of a person (2.8), its sessions, and the second factor. */
export interface Login {
  readonly state: LoginState;
  readonly user: User | undefined;
  readonly sessions: readonly SessionInfo[];
  readonly build: Build | undefined;
  /** What LoginInfo tells of the ways to log in; this client has the digest alone. */
  readonly methods?: { readonly digest: boolean; readonly session: boolean; readonly oauth2?: string } | undefined;
  /** Confirms the login of another session of the same person. */
  authorize(id: string): void;
  /** Ends another session, or refuses a login that waits. */
  deleteSession(id: string): void;
  /** How this client can be woken. */
  setSessionInfo(info: { readonly token?: string; readonly wake?: readonly ("phone" | "chat")[] }): void;
}
