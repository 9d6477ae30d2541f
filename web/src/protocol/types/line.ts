// The connection and what goes over it.
import type { Time } from "./base.ts";

/** Why a connection is down. */
export type DownReason =
  /** The browser says that there is no network (see Client.setOnline). */
  | "offline"
  /** Nobody answered where the switch should be. */
  | "unreachable"
  /** The connection broke without a word. */
  | "lost"
  /** No frame came for too long, not even the answer to a KeepAlive. */
  | "silent"
  /** The switch shuts down or moves its clients (1001). */
  | "shutdown"
  /** The switch closed it for another reason; `code` and `text` of Line say which. */
  | "closed"
  /** The client closed it: signed out, or stop(). */
  | "stopped";

/** The state of the connection, observable at any time by Client.line and the event "line". */
export type Line =
  | { readonly state: "connecting"; readonly since: Time; readonly attempt: number; readonly connection: string }
  /** Connected and logged in: everything can be asked. */
  | { readonly state: "up"; readonly since: Time; readonly connection: string }
  | {
      readonly state: "down";
      /** Since when there is no line. */
      readonly since: Time;
      /** When the next attempt is made; absent where none will be. */
      readonly next?: Time;
      readonly reason: DownReason;
      /** Close code and reason of the websocket, where there was a close. */
      readonly code?: number;
      readonly text?: string;
      /** Name of the last connection, as it stands in traces. */
      readonly connection?: string;
    };

/** One frame, or one event of a connection. Secrets are masked: digests, passwords, what opens files. Texts of people are not. */
export interface TraceFrame {
  readonly time: Time;
  readonly connection: string;
  readonly kind: "in" | "out" | "open" | "close" | "fault";
  readonly text: string;
}

/** A frame that means nothing here; the connection goes on. */
export interface Fault {
  readonly reason: string;
  readonly count: number;
}
