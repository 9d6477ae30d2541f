// The door of the protocol layer: import from here alone. README.md shows how.
export type * from "./types.ts";
export { ProtocolError, isProtocolError } from "./errors.ts";
export { clientUrl, groupId, isGroup, newId, thumbUrl } from "./names.ts";
export { createClient } from "./client.ts";
