import type { ErrorKind } from "../../protocol/index.ts";

/** An error as those of protocol/ look. */
export class FakeError extends Error {
  override readonly name = "ProtocolError";
  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    readonly number?: number,
  ) {
    super(`${kind} ${code} ${number ?? ""}`);
  }
}
