// The door of the protocol layer: import from here alone. README.md shows how.
import type { Client, ClientOptions } from "./types.ts";

export type * from "./types.ts";
export { ProtocolError, isProtocolError } from "./errors.ts";
export { clientUrl, groupId, isGroup, newId, thumbUrl } from "./names.ts";

/** Makes a client. It does nothing until signIn or resume. */
export function createClient(_options: ClientOptions): Client {
  throw new Error("the client is not put together yet");
}
