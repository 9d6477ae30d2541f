// Messages whose time is over go by themselves, also while nobody tells.
import type { Entry } from "./entry.ts";
import type { Platform } from "./platform.ts";

/** The longest that a timer of a browser can wait. */
const longest = 2 ** 31 - 1;

export class Expiry {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly over: (now: number) => void,
  ) {}

  /** Waits for the first of these that ends. */
  arm(entries: readonly Entry[]): void {
    this.stop();
    let next = Infinity;
    for (const e of entries) {
      next = Math.min(next, e.expires ?? Infinity);
    }
    if (next < Infinity) {
      const ms = Math.min(Math.max(0, next - this.platform.now()), longest);
      this.timer = setTimeout(() => this.over(this.platform.now()), ms);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
