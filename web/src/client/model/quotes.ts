// What answered messages said: out of the window where they are in it, else asked for once.
import type { NumberedEntry } from "./history.ts";
import { fromStored } from "./entry.ts";
import { put } from "./files.ts";
import type { Host } from "./host.ts";
import { plain } from "./text.ts";
import type { Quote } from "./types.ts";

const maxKept = 500;
const quoteLength = 160;

export class Quotes {
  private readonly kept = new Map<number, { readonly quote?: Quote; readonly entry?: NumberedEntry }>();
  private readonly asked = new Set<number>();

  constructor(
    private readonly chat: string,
    private readonly host: Host,
    private readonly inWindow: (id: number) => NumberedEntry | undefined,
    private readonly changed: () => void,
  ) {}

  get(id: number): Quote | undefined {
    const entry = this.inWindow(id);
    const kept = this.kept.get(id);
    if (entry === undefined || (kept !== undefined && kept.entry === entry)) {
      if (kept === undefined) {
        void this.ask(id);
      }
      return kept?.quote;
    }
    const quote = this.of(entry);
    put(this.kept, id, { quote, entry }, maxKept);
    return quote;
  }

  private of(e: NumberedEntry): Quote {
    return { id: e.id, author: this.host.people.name(e.author), text: plain(e.html, quoteLength) || (e.files[0]?.name ?? "") };
  }

  private async ask(id: number): Promise<void> {
    if (this.asked.has(id) || this.host.client.messages.store.state !== "on") {
      return;
    }
    this.asked.add(id);
    try {
      const page = await this.host.client.messages.readChat(this.chat, { above: id - 1, count: 1, keep: true });
      const m = page.items[0];
      put(this.kept, id, m?.id === id ? { quote: this.of(fromStored(m, this.host.me) as NumberedEntry) } : {}, maxKept);
      this.changed();
    } catch {
      // Asked again when it is shown again.
    } finally {
      this.asked.delete(id);
    }
  }

  /** The message was edited or deleted. */
  forget(id: number): void {
    this.kept.delete(id);
  }
}
