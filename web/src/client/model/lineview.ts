// The truth about the line, as the screens say it.
import type { Signal } from "@preact/signals";
import type { Client } from "../../protocol/index.ts";
import { optional } from "./item.ts";
import type { Line } from "./types.ts";

export class LineView {
  private downSince: number | undefined;
  /** Nothing is stored for the person. While a session is asked for, what was before holds. */
  volatile = false;

  constructor(
    private readonly client: Client,
    private readonly shown: Signal<Line>,
    private readonly waiting: () => number,
  ) {}

  refresh(): void {
    const { line, messages } = this.client;
    const { store } = messages;
    this.downSince = line.state === "up" ? undefined : (this.downSince ?? line.since);
    this.volatile = store.state === "off" || (store.state !== "on" && this.volatile);
    const next: Line = {
      state: line.state, waiting: this.waiting(),
      store: store.state === "opening" ? (this.volatile ? "off" : "on") : store.state,
      ...optional("since", this.downSince),
      ...optional("next", line.state === "down" ? line.next : undefined),
      ...optional("why", "why" in store ? store.why : undefined),
      ...optional("connection", line.connection),
    };
    const old = this.shown.peek();
    const names = new Set([...Object.keys(old), ...Object.keys(next)]) as Set<keyof Line>;
    if ([...names].some((n) => old[n] !== next[n])) {
      this.shown.value = next;
    }
  }
}
