// Receipts that this client says: the newest of each chat, a moment after it came, and
// not before the inbox is open.

export interface Mark {
  readonly mid?: number;
  readonly id?: string;
}

type State = "delivered" | "read";

/** Marks that come close together go as one: each covers everything before it. */
const pause = 50;
const maxChats = 10_000;

export class Marks {
  private readonly due = new Map<string, Map<State, Mark>>();
  private readonly said = new Map<string, Mark>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `say` returns false while there is no inbox; then flush() is to be called when there is. */
  constructor(private readonly say: (chat: string, state: State, mark: Mark) => boolean) {}

  set(chat: string, state: State, mark: Mark): void {
    if (mark.mid === undefined && !mark.id) return;
    const of = this.due.get(chat) ?? new Map<State, Mark>();
    const before = newest(this.said.get(state + "\n" + chat), of.get(state));
    if (before && !advances(before, mark)) return;
    of.set(state, mark);
    if (this.due.size < maxChats || this.due.has(chat)) this.due.set(chat, of);
    this.timer ??= setTimeout(() => this.flush(), pause);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const [chat, of] of [...this.due]) {
      const read = of.get("read");
      const delivered = of.get("delivered");
      // Read implies delivered.
      if (delivered && !(read && !advances(read, delivered)) && !this.tell(chat, "delivered", delivered)) return;
      if (read && !this.tell(chat, "read", read)) return;
      this.due.delete(chat);
    }
  }

  private tell(chat: string, state: State, mark: Mark): boolean {
    if (!this.say(chat, state, mark)) return false;
    if (this.said.size >= 2 * maxChats) this.said.clear();
    this.said.set(state + "\n" + chat, mark);
    return true;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.due.clear();
    this.said.clear();
  }
}

function newest(a: Mark | undefined, b: Mark | undefined): Mark | undefined {
  return a && b ? (advances(a, b) ? b : a) : (a ?? b);
}

/** Where both have numbers the larger one is newer; where not, the later said. */
function advances(from: Mark, to: Mark): boolean {
  if (from.mid !== undefined && to.mid !== undefined) return to.mid > from.mid;
  return from.id !== to.id || from.mid !== to.mid;
}
