// Texts and calls.
import type { Json, Stop, Time } from "./base.ts";

/** What is written. The id makes sending it again safe: it is never delivered twice. */
export interface OutgoingText {
  /** Name of a person or group (`messages?g12`). */
  readonly chat: string;
  /** Random, at most 64 characters; made with newId() where absent. */
  readonly id?: string;
  readonly data: string;
  /** Default text/html. Any other than text/html and text/plain: at most 12 KiB, for clients like this one only. */
  readonly mime?: string;
  readonly subject?: string;
  /** URLs of file buffers or of files from the history, not encoded. */
  readonly attach?: readonly string[];
  /** HTML for those who cannot show `mime`. */
  readonly alt?: string;
  /** Further members, kept with the message as Message.ext: `reply` (id of a message), `expires`, `kind`, and the client's own. */
  readonly ext?: Readonly<Record<string, Json>>;
}

/** What `sent` told: the text is stored (with `mid`), lies in the outbox of the switch, or a device has it. */
export interface Sent {
  readonly id: string;
  readonly mid?: number;
  readonly timestamp: Time;
}

/** A text that somebody wrote; also copies of what the own other devices wrote. */
export interface Text {
  readonly chat: string;
  readonly id: string;
  /** Number of the message in the store: Message.id. Absent in volatile chats and while it lies in the outbox. */
  readonly mid?: number;
  readonly timestamp: Time;
  readonly sender: string;
  readonly senderName: string;
  readonly mime: string;
  readonly data: string;
  readonly subject?: string;
  /** URLs, decoded. */
  readonly attach: readonly string[];
  readonly alt?: string;
  readonly ext: Readonly<Record<string, Json>>;
  /** Written by the own person, on another device. */
  readonly own: boolean;
}

export interface Typing {
  readonly chat: string;
  readonly sip: string;
  readonly name: string;
  /** Ends by itself after 10 s: then `on` false is told. */
  readonly on: boolean;
}

/** How far a text has come (A3). A mark covers everything before it. */
export interface Receipt {
  readonly chat: string;
  readonly state: "sent" | "delivered" | "read" | "failed";
  readonly id?: string;
  readonly mid?: number;
  /** Who has got or read it; the own name where another own device has read. */
  readonly sip?: string;
  readonly timestamp: Time;
  /** Why it failed: Q.850. */
  readonly cause?: number;
}

/** The state of the registration at PbxSignal. */
export type Registration =
  | { readonly state: "none" }
  | { readonly state: "registering" }
  /** Texts can be sent: the inbox is open. */
  | { readonly state: "open"; readonly ice: IceServers }
  | { readonly state: "refused"; readonly reason: string };

export interface IceServers {
  readonly stun: readonly string[];
  readonly turn: readonly string[];
  readonly turnUser?: string;
  readonly turnPassword?: string;
}

/** A call that rings here. Nothing is said to the caller unless the owner of the event does: unanswered in 4 s, the leg ends. */
export interface IncomingCall {
  readonly call: number;
  readonly from: { readonly sip?: string; readonly num?: string; readonly name?: string };
  readonly media: boolean;
  /** The setup as it came, for who negotiates media. */
  readonly sig: Readonly<Record<string, Json>>;
  /** Tells that the client is there (the leg then lives as long as it may ring). */
  proceed(): void;
  alert(): void;
  /** Sends any message of the call (conn, channels, facility …); `type` is in it. */
  send(sig: Readonly<Record<string, Json>>): void;
  /** Ends the leg with a cause of Q.850; 21 is "declined". */
  release(cause: number): void;
  onSignal(f: (sig: Readonly<Record<string, Json>>) => void): Stop;
  /** The leg has ended: by the switch, the caller, or the loss of the line (41). */
  onEnd(f: (cause: number) => void): Stop;
}

/** Chats over one inbox leg (A2, A3, A9). */
export interface Signal {
  readonly registration: Registration;
  /**
   * Sends a text and resolves when it is `sent`. Rejects with kind "signal" and the cause
   * as `number` when it failed, with kind "line" when nobody knows: send it again with the
   * same id then. Without a line it rejects with "down" at once; only while the inbox is
   * about to open it waits.
   */
  send(text: OutgoingText): Promise<Sent>;
  /** Tells a chat that one writes; says it at most once a second, and `false` when `on` ends. */
  typing(chat: string, on: boolean): void;
  /** Everything up to this text has come to this device. Done by itself for what comes as a text or by Sync. */
  delivered(chat: string, text: { readonly mid?: number; readonly id?: string }): void;
  /** Everything up to this text has been read. */
  read(chat: string, text: { readonly mid?: number; readonly id?: string }): void;
}
