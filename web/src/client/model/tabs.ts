// Tabs of one person in one browser tell each other what happens on this device: what
// waits, drafts, reading marks, and who looks at which chat. What the server knows comes
// to each tab by its own line. Messages are data of this origin; their shape is checked
// all the same, for another version of this page may be in the other tab.
import type { Channel } from "./platform.ts";

export type TabMessage =
  /** A waiting message was added or changed: read it again from the store. */
  | { readonly t: "item"; readonly key: string }
  /** It has gone: sent, or cancelled where `sent` is missing. */
  | { readonly t: "gone"; readonly key: string; readonly sent?: { readonly mid?: number; readonly time: number } }
  | { readonly t: "progress"; readonly key: string; readonly file: string; readonly done: number; readonly speed: number; readonly running: boolean }
  | { readonly t: "read"; readonly chat: string; readonly id: number }
  | { readonly t: "draft"; readonly chat: string; readonly html: string }
  | { readonly t: "prefs" }
  /** This tab shows the chat to somebody (or none). */
  | { readonly t: "looking"; readonly tab: string; readonly chat?: string }
  | { readonly t: "left" };

const kinds = new Set(["item", "gone", "progress", "read", "draft", "prefs", "looking", "left"]);

export class Tabs {
  constructor(
    private readonly channel: Channel | undefined,
    hear: (m: TabMessage) => void,
  ) {
    if (channel !== undefined) {
      channel.onmessage = (e) => {
        if (isTabMessage(e.data)) {
          hear(e.data);
        }
      };
    }
  }

  tell(m: TabMessage): void {
    this.channel?.postMessage(m);
  }

  close(): void {
    this.channel?.close();
  }
}

function isTabMessage(m: unknown): m is TabMessage {
  if (typeof m !== "object" || m === null || !kinds.has((m as { t?: unknown }).t as string)) {
    return false;
  }
  const { key, chat, id, html } = m as Record<string, unknown>;
  return optional(key, "string") && optional(chat, "string") && optional(id, "number") && optional(html, "string");
}

function optional(v: unknown, type: string): boolean {
  return v === undefined || typeof v === type;
}
