import type { ApiCode, ErrorKind, LineCode, LoginCode, ProtocolErrorShape } from "./types.ts";

/** Every rejection of this layer is one of these; `kind` and `code` are for programs. */
export class ProtocolError extends Error implements ProtocolErrorShape {
  override readonly name = "ProtocolError";

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    /** The code of the wire: `error` of a result, a cause (Q.850), or a status of HTTP. */
    readonly number?: number,
  ) {
    super(message);
  }
}

export function isProtocolError(e: unknown): e is ProtocolError {
  return e instanceof ProtocolError;
}

export function lineError(code: LineCode, message: string): ProtocolError {
  return new ProtocolError("line", code, message);
}

const loginMessages: Record<LoginCode, string> = {
  credentials: "The name or the password is wrong.",
  expired: "The session has ended; sign in anew.",
  refused: "The login was not confirmed.",
  cancelled: "The login was given up.",
  temporary: "The switch cannot check logins at the moment.",
  digest: "The switch does not prove that it knows the password.",
  revoked: "The session was ended.",
  wait: "Too many attempts; wait a while.",
};

export function loginError(code: LoginCode, number?: number): ProtocolError {
  return new ProtocolError("login", code, loginMessages[code], number);
}

/** What the number in LoginResult means (decision 24). */
export function loginCode(number: number): LoginCode {
  switch (number) {
    case 2:
      return "credentials";
    case 5:
      return "expired";
    case 6:
      return "refused";
  }
  return "temporary";
}

const apiCodes: ReadonlyMap<number, ApiCode> = new Map([
  [1, "parameter"],
  [2, "not-found"],
  [3, "not-allowed"],
  [4, "limit"],
  [5, "fault"],
]);

/** An `error` of a result of PbxMessages, with its sentence. */
export function messagesError(number: number | undefined, text: string): ProtocolError {
  const code: ApiCode = (number !== undefined && apiCodes.get(number)) || "failed";
  return new ProtocolError("api", code, text || "The request failed.", number);
}

const pbxCodes: ReadonlyMap<number, ApiCode> = new Map([
  [1, "fault"],
  [2, "not-found"],
  [3, "parameter"],
  [5, "limit"],
  [13, "foreign"],
]);

/** An `error` of a result of PbxApi (docs/presence.md): other numbers than PbxMessages. */
export function pbxError(number: number | undefined, text: string): ProtocolError {
  const code: ApiCode = (number !== undefined && pbxCodes.get(number)) || "failed";
  return new ProtocolError("api", code, text || "The request failed.", number);
}

/** The message `Error`: nobody took the request. */
export function errorFrame(number: number | undefined, text: string): ProtocolError {
  const code: ApiCode = text === "unknown mt" ? "unknown" : text === "no session" ? "no-session" : "not-allowed";
  return new ProtocolError("api", code, text || "The server does not take this request.", number);
}

const causes: ReadonlyMap<number, string> = new Map([
  [1, "There is nobody of that name."],
  [17, "The person is busy."],
  [18, "Nobody responds."],
  [19, "Nobody answers."],
  [20, "Nobody is there."],
  [21, "It was declined."],
  [27, "The device was lost."],
  [41, "The connection was lost."],
  [42, "Too much at a time; try again later."],
  [47, "It could not be stored; try again later."],
  [50, "The licence or the file does not allow it."],
  [57, "You may not write here."],
  [88, "No device there can show this."],
  [96, "The chat was not named."],
  [100, "The text is not well formed."],
  [111, "It is too long, or there is nothing to send."],
]);

/** A text or call that failed, with its cause (Q.850; decision 34). */
export function causeError(cause: number): ProtocolError {
  return new ProtocolError("signal", "cause-" + cause, causes.get(cause) ?? `It failed with cause ${cause}.`, cause);
}
