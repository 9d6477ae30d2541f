// What has changed.
import type { Time } from "./base.ts";
import type { GroupRole, Message } from "./messages.ts";

/** One change of what the person sees. `chat` is the partner or group. */
export type Change = { readonly n: number; readonly chat: string; readonly timestamp: Time } & (
  | { readonly kind: "message" | "edit"; readonly message: Message }
  | { readonly kind: "delete"; readonly id: number; readonly user?: string }
  /** A rule of retention has deleted these messages; they leave nothing behind. */
  | { readonly kind: "purge"; readonly ids: readonly number[] }
  | { readonly kind: "react"; readonly id: number; readonly user: string; readonly emoji: string; readonly on: boolean }
  | { readonly kind: "pin"; readonly id: number; readonly user?: string; readonly on: boolean }
  | { readonly kind: "mark"; readonly id: number; readonly user: string; readonly state: "delivered" | "read" }
  | { readonly kind: "draft"; readonly text: string }
  | { readonly kind: "group"; readonly id: number; readonly dn: string; readonly announce: boolean; readonly gone: boolean }
  | {
      readonly kind: "member";
      /** Of the group. */
      readonly id: number;
      readonly user: string;
      readonly dn: string;
      readonly role: GroupRole;
      readonly gone: boolean;
    }
);

/**
 * Takes what has changed, in order. What is done with `changes` and keeping `token` must
 * be one act (one transaction): with the token of last time the changes after it come,
 * each exactly once. A promise is waited for before the next batch comes; an error that
 * it rejects with stops the sync until it is restarted, so that nothing is passed over.
 *
 * A message comes as it is now: what later changes of the same batch tell of it may be in
 * it already (edits, reactions), so apply those by what they say, not by counting.
 */
export interface SyncHandler {
  changes(changes: readonly Change[], token: string): void | Promise<void>;
  /** Nothing kept is of use any more: forget all of it, keep the token, then read chats and histories anew. */
  reset(token: string): void | Promise<void>;
}

export interface Sync {
  /** Begins (or goes on) behind a token; without one everything there is counts as known only after reset(). */
  start(handler: SyncHandler, token?: string): void;
  stop(): void;
  /** True while everything that was missed has been told and live changes come. */
  readonly current: boolean;
}
