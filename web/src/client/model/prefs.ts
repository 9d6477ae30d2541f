// Pins and mutes of chats: of this device alone, per person, in localStorage. Names are
// items of a list there and of a Set here, never members of an object.
import type { LastWords } from "./drafts.ts";
import type { Platform } from "./platform.ts";

const maxNames = 2000;

export class Prefs {
  private pinned = new Set<string>();
  private muted = new Set<string>();

  constructor(
    private readonly platform: Platform,
    private readonly key: string,
  ) {
    this.read();
  }

  isPinned(chat: string): boolean {
    return this.pinned.has(chat);
  }

  isMuted(chat: string): boolean {
    return this.muted.has(chat);
  }

  setPinned(chat: string, on: boolean): void {
    this.set("pinned", chat, on);
  }

  setMuted(chat: string, on: boolean): void {
    this.set("muted", chat, on);
  }

  private set(which: "pinned" | "muted", chat: string, on: boolean): void {
    this.read(); // another tab may have written
    const names = this[which];
    names.delete(chat);
    if (on) {
      names.add(chat);
    }
    try {
      this.platform.local?.setItem(this.key, JSON.stringify({ pinned: newest(this.pinned), muted: newest(this.muted) }));
    } catch {
      // No room, or forbidden: it holds for as long as the page is open.
    }
  }

  /** Reads what is kept; called again when another tab says that it wrote. */
  read(): void {
    try {
      const kept: unknown = JSON.parse(this.platform.local?.getItem(this.key) ?? "null");
      if (typeof kept === "object" && kept !== null) {
        this.pinned = names((kept as { pinned?: unknown }).pinned);
        this.muted = names((kept as { muted?: unknown }).muted);
      }
    } catch {
      // Something else lies there: it is written anew with the next change.
    }
  }

  forget(): void {
    try {
      this.platform.local?.removeItem(this.key);
    } catch {
      // Forbidden: then nothing is there.
    }
  }
}

function names(v: unknown): Set<string> {
  return new Set(Array.isArray(v) ? v.filter((n): n is string => typeof n === "string").slice(-maxNames) : []);
}

function newest(set: ReadonlySet<string>): string[] {
  return [...set].slice(-maxNames);
}

/** Drafts of a page that went before the database had them: in localStorage, which is written at once. */
export class LastDrafts implements LastWords {
  constructor(
    private readonly platform: Platform,
    private readonly key: string,
  ) {}

  put(list: readonly (readonly [string, string])[]): void {
    try {
      if (list.length > 0) {
        this.platform.local?.setItem(this.key, JSON.stringify(list.slice(0, maxLast)));
      }
    } catch {
      // No room, or forbidden: the database may still have come to it.
    }
  }

  take(): readonly (readonly [string, string])[] {
    try {
      const kept: unknown = JSON.parse(this.platform.local?.getItem(this.key) ?? "null");
      this.platform.local?.removeItem(this.key);
      return Array.isArray(kept) ? kept.filter(isPair) : [];
    } catch {
      return [];
    }
  }
}

const maxLast = 20;

function isPair(v: unknown): v is readonly [string, string] {
  return Array.isArray(v) && v.length === 2 && v.every((x) => typeof x === "string");
}
