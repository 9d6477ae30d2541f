// The two trace flags of the client, kept on this device.
import { signal } from "@preact/signals";
import type { Client, Stop } from "../../protocol/index.ts";
import { personKey } from "./home.ts";
import type { Platform } from "./platform.ts";
import { lineOf, TraceRing } from "./trace.ts";

const name = "tandem.trace";

interface Flags {
  readonly app: boolean;
  readonly console: boolean;
}

export class Tracing {
  readonly flags = signal<Flags>({ app: false, console: false });
  readonly ring = new TraceRing();
  /** Texts are shown only while the page is open in which the person asked for them. */
  private texts = false;
  private stop: Stop | undefined;
  private readonly stopUser: Stop;
  /** Whose frames the ring holds. */
  private of: string | undefined;

  constructor(
    private readonly client: Client,
    private readonly platform: Platform,
  ) {
    const kept = this.read();
    this.flags.value = { app: kept.includes("app"), console: kept.includes("console") };
    this.listen();
    this.stopUser = client.on("user", (u) => {
      const now = personKey(u);
      if (this.of !== undefined && this.of !== now) {
        this.forget(); // somebody else sits here now
      }
      this.of = now;
    });
  }

  set(flag: keyof Flags, on: boolean): void {
    this.flags.value = { ...this.flags.peek(), [flag]: on };
    try {
      const { app, console } = this.flags.peek();
      this.platform.local?.setItem(name, [app ? "app" : "", console ? "console" : ""].join(" ").trim());
    } catch {
      // Not kept: the flag holds for this page.
    }
    this.listen();
  }

  setTexts(on: boolean): void {
    this.texts = on;
  }

  /** The person leaves: what was traced of one is not for the next. */
  forget(): void {
    this.ring.clear();
    this.texts = false;
  }

  private read(): string[] {
    try {
      return (this.platform.local?.getItem(name) ?? "").split(" ");
    } catch {
      return [];
    }
  }

  /** Frames are looked at only while somebody wants them. */
  private listen(): void {
    const { app, console: toConsole } = this.flags.peek();
    if (!app && !toConsole) {
      this.stop?.();
      this.stop = undefined;
    } else {
      this.stop ??= this.client.on("trace", (frame) => {
        const line = lineOf(frame, this.texts);
        const flags = this.flags.peek();
        if (flags.app) {
          this.ring.add(line);
        }
        if (flags.console) {
          this.ring.add({ ...line, flag: "Browser Console" });
          console.debug(line.out === undefined ? "·" : line.out ? "→" : "←", line.text);
        }
      });
    }
  }

  close(): void {
    this.stop?.();
    this.stopUser();
  }
}
