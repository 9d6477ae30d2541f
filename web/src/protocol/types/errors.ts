// What can go wrong.

/** What kind of thing has failed. */
export type ErrorKind = "line" | "login" | "api" | "signal" | "file";

/**
 * Every error that this layer rejects with. `code` is stable and for programs, the
 * message is a sentence for people who read logs; `number` is the code of the wire.
 */
export interface ProtocolErrorShape {
  readonly name: "ProtocolError";
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly number?: number;
}

/** Codes of kind "line". After "lost" and "timeout" nobody knows whether the act was done. */
export type LineCode = "down" | "lost" | "timeout" | "too-long" | "busy" | "aborted" | "malformed";

/** Codes of kind "login". */
export type LoginCode =
  /** Wrong name or password. */
  | "credentials"
  /** The session is not known any more: sign in anew. */
  | "expired"
  /** Nobody confirmed the second factor in time, or somebody refused it. */
  | "refused"
  /** signIn was cancelled here. */
  | "cancelled"
  /** The switch could not check it: a fault of its own, try again. */
  | "temporary"
  /** The answer of the switch does not prove that it knows the password: do not trust it. */
  | "digest"
  /** Another session ended this one, or the user was disabled. */
  | "revoked"
  /** Too many attempts; wait. */
  | "wait";

/** Codes of kind "api": PbxMessages, PbxApi and the others. */
export type ApiCode =
  | "parameter" // 1
  | "not-found" // 2
  | "not-allowed" // 3
  | "limit" // 4
  | "fault" // 5: try again later
  | "foreign" // PbxApi 13: it belongs to somebody else
  | "unknown" // the server does not know the message
  | "no-session" // nothing is stored for this user, or the service is away
  | "failed";
