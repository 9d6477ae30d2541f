// Who writes at the moment: what comes ends by itself, what goes is said seldom.
import type { Time, Typing } from "./types.ts";

/** An indication that is not repeated ends after this time (decision 42). */
const lifetime = 10_000;
/** While one goes on writing it is repeated so often; the switch passes one in a second. */
const repeat = 4_000;
const maxWriters = 500;

export class TypingIn {
  private readonly writers = new Map<string, { readonly what: Typing; readonly timer: ReturnType<typeof setTimeout> }>();

  constructor(private readonly tell: (t: Typing) => void) {}

  take(t: Typing): void {
    const key = t.chat + "\n" + t.sip;
    const before = this.writers.get(key);
    clearTimeout(before?.timer);
    this.writers.delete(key);
    if (t.on && this.writers.size < maxWriters) {
      this.writers.set(key, { what: t, timer: setTimeout(() => this.take({ ...t, on: false }), lifetime) });
    }
    if (t.on !== (before !== undefined)) this.tell(t);
  }

  /** A text came: its writer has finished. */
  ended(chat: string, sip: string): void {
    const w = this.writers.get(chat + "\n" + sip);
    if (w) this.take({ ...w.what, on: false });
  }

  clear(): void {
    for (const w of [...this.writers.values()]) this.take({ ...w.what, on: false });
  }
}

export class TypingOut {
  private chat: string | undefined;
  private said: Time = 0;

  constructor(
    private readonly now: () => Time,
    private readonly say: (chat: string, on: boolean) => void,
  ) {}

  set(chat: string, on: boolean): void {
    const now = this.now();
    if (this.chat !== undefined && (this.chat !== chat || !on)) {
      if (now - this.said < lifetime) this.say(this.chat, false);
      this.chat = undefined;
    }
    if (!on || (this.chat === chat && now - this.said < repeat)) return;
    this.chat = chat;
    this.said = now;
    this.say(chat, true);
  }

  /** The text itself tells that it is written. */
  sent(chat: string): void {
    if (this.chat === chat) this.chat = undefined;
  }
}
