// The whole public face of the protocol layer: what comes in, what goes out, and what
// a client can be asked to do. Nothing here knows a screen. Values of these types have
// been validated; what the server sends beyond them is dropped, counted and traced.
//
// Sources: appwebsocket.md (sections in brackets), its amendments A1 to A12,
// signal/PROTOCOL.md and internal/messages/service/PROTOCOL.md of this repository.

export type * from "./types/base.ts";
export type * from "./types/line.ts";
export type * from "./types/errors.ts";
export type * from "./types/login.ts";
export type * from "./types/signal.ts";
export type * from "./types/messages.ts";
export type * from "./types/posts.ts";
export type * from "./types/sync.ts";
export type * from "./types/people.ts";
export type * from "./types/files.ts";
export type * from "./types/client.ts";
