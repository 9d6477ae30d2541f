// The person who is signed in, as the person shows to others.
import type { Signal } from "@preact/signals";
import type { Client, Stop, User } from "../../protocol/index.ts";
import { optional } from "./item.ts";
import { shownName } from "./text.ts";
import type { Person, Presence } from "./types.ts";
import { ActError, type Words } from "./words.ts";

/** Of a note; the switch takes 512 bytes. */
const maxNote = 250;
/** The switch says nothing where nothing changes. */
const patience = 1000;

export class Self {
  private own: { readonly activity: string; readonly note: string };
  private readonly stops: Stop[];

  constructor(
    private readonly client: Client,
    private user: User,
    private readonly words: Words,
    private readonly shown: Signal<Person | undefined>,
    named: (u: User) => void,
  ) {
    this.own = client.presence.own;
    this.stops = [
      client.on("own", (own) => {
        this.own = own;
        this.show();
      }),
      client.on("user", (u) => {
        this.user = u;
        named(u);
        this.show();
      }),
    ];
    named(user);
    this.show();
  }

  get presence(): Presence {
    const { activity } = this.own;
    return activity === "away" ? "away" : activity === "dnd" || activity === "busy" ? "dnd" : "available";
  }

  private show(): void {
    const { sip, dn, num, email } = this.user;
    this.shown.value = {
      sip, dn: shownName(dn, sip), presence: this.presence,
      ...optional("num", num), ...optional("email", email), ...optional("note", this.own.note === "" ? undefined : this.own.note),
    };
  }

  /** Resolves when the switch repeats it, or a moment later. */
  async set(to: "available" | "away" | "dnd", note: string): Promise<void> {
    if (this.client.line.state !== "up") {
      throw new ActError("line", this.words("act.line"));
    }
    this.client.presence.setOwn(to === "available" ? "" : to, note.slice(0, maxNote));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, patience);
      const stop = this.client.on("own", done);
      function done(): void {
        clearTimeout(timer);
        stop?.();
        resolve();
      }
    });
  }

  close(): void {
    this.stops.forEach((stop) => stop());
    this.shown.value = undefined;
  }
}
