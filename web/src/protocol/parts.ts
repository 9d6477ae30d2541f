// Texts that come in parts (`more`), put together.
import { type Obj, str } from "./decode.ts";
import type { Time } from "./types.ts";

const maxLength = 65_536;
const maxTexts = 32;
const maxAge = 60_000;

interface Begun {
  data: string;
  readonly since: Time;
}

/** Collects by chat and sender. What is too long, too old or too many is dropped as a whole. */
export class Parts {
  private readonly begun = new Map<string, Begun>();

  constructor(
    private readonly now: () => Time,
    private readonly fault: (reason: string) => void,
  ) {}

  /** The whole text, or undefined while more is to come. */
  take(key: string, f: Obj): string | undefined {
    const data = str(f["data"]);
    const before = this.begun.get(key);
    this.begun.delete(key);
    const fresh = before && this.now() - before.since <= maxAge ? before : undefined;
    if (before && !fresh) this.fault("parts-late");
    const whole = (fresh?.data ?? "") + data;
    if (whole.length > maxLength) {
      this.fault("parts-too-long");
      return undefined;
    }
    if (f["more"] !== true) return whole;
    if (this.begun.size >= maxTexts) {
      this.fault("parts-too-many");
      const [oldest] = this.begun.keys();
      if (oldest !== undefined) this.begun.delete(oldest);
    }
    this.begun.set(key, { data: whole, since: fresh?.since ?? this.now() });
    return undefined;
  }

  clear(): void {
    this.begun.clear();
  }
}
