// Loads parts of one chat's history into a window and keeps them true while they load:
// what changes between the question and the answer is done once more on what was loaded,
// so nothing is lost in between and nothing old comes back.
import type { Messages } from "../../protocol/index.ts";
import { fromStored, type Entry } from "./entry.ts";
import { Window } from "./window.ts";

export type NumberedEntry = Entry & { readonly id: number };
type Part = Window<NumberedEntry>;

export const pageSize = 50;
export const maxWindow = 1000;

export class History {
  readonly window: Part = new Window<NumberedEntry>(maxWindow);
  /** A first part has been loaded. */
  loaded = false;
  /** Its ends are those of this page's memory, not of the history. */
  pretended = false;
  /** What is held is what this device has kept, until the first part is loaded. */
  kept = false;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly running = new Map<string, Promise<void>>();
  /** Changes since a load began, to be done again on its result. */
  private replay: ((w: Part) => void)[] | undefined;
  private loads = 0;

  constructor(
    private readonly chat: string,
    private readonly messages: Messages,
    private readonly me: string,
    private readonly changed: () => void,
  ) {}

  get loading(): boolean {
    return this.loads > 0;
  }

  /** Does a change now, and again behind every load that runs. It must be one that may be done twice. */
  apply(change: (w: Part) => void): void {
    change(this.window);
    this.replay?.push(change);
    this.changed();
  }

  /** Shows what this device has kept, while nothing can be loaded. */
  stand(entries: readonly NumberedEntry[]): void {
    if (!this.loaded && this.loads === 0 && entries.length > 0) {
      this.window.reset(entries, false, true);
      this.kept = true;
      this.changed();
    }
  }

  /** The newest page; or, with many unread, the part around the first of them. */
  open(readId: number, unread: number): Promise<void> {
    return this.once("open", () => (unread >= pageSize && readId > 0 ? this.around(readId + 1) : this.loadNewest()));
  }

  newest(): Promise<void> {
    return this.window.atEnd && this.loaded ? Promise.resolve() : this.once("newest", () => this.loadNewest());
  }

  /** Loads the part that is held once more: the store says that it may have changed without a word. */
  again(): Promise<void> {
    const { last, atEnd } = this.window;
    return this.once("again", () => (last === undefined || atEnd ? this.loadNewest() : this.around(last.id + 1)));
  }

  older(): Promise<void> {
    return this.once("older", async () => {
      const { first, atStart } = this.window;
      if (atStart) {
        return undefined;
      }
      if (first === undefined || this.kept) {
        return this.loadNewest();
      }
      const page = await this.page({ below: first.id });
      return (w) => w.before(page.items, !page.more);
    });
  }

  newer(): Promise<void> {
    return this.once("newer", async () => {
      const { last, atEnd } = this.window;
      if (atEnd) {
        return undefined;
      }
      if (last === undefined) {
        return this.loadNewest();
      }
      const page = await this.page({ above: last.id });
      return (w) => w.behind(page.items, !page.more);
    });
  }

  /** Resolves with the message that was meant, or the nearest behind it. */
  async jump(to: { readonly id: number } | { readonly time: number }): Promise<NumberedEntry | undefined> {
    if ("id" in to) {
      if (this.window.get(to.id) === undefined) {
        await this.once(`#${to.id}`, () => this.around(to.id));
      }
      return this.window.list.find((e) => e.id >= to.id) ?? this.window.last;
    }
    await this.once(`@${to.time}`, () => this.aroundTime(to.time));
    return this.window.list.find((e) => e.time >= to.time) ?? this.window.last;
  }

  /** Without a store there is no history to load: what is here is all. */
  endless(): void {
    if (this.kept) {
      this.window.reset([], true, true);
      this.kept = false;
    }
    this.pretended = true;
    this.window.atStart = this.window.atEnd = this.loaded = true;
    this.changed();
  }

  /** Loads run one after the other; the same one twice is one. */
  private once(name: string, load: () => Promise<((w: Part) => void) | undefined>): Promise<void> {
    const old = this.running.get(name);
    if (old !== undefined) {
      return old;
    }
    this.loads++;
    this.changed();
    const run = this.queue.then(() => this.run(load));
    const done = run.finally(() => {
      this.loads--;
      this.running.delete(name);
      this.changed();
    });
    this.running.set(name, done);
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async run(load: () => Promise<((w: Part) => void) | undefined>): Promise<void> {
    this.replay = [];
    try {
      const take = await load();
      if (take !== undefined) {
        take(this.window);
        this.replay.forEach((change) => change(this.window));
        this.loaded = true;
        this.kept = false;
      }
    } finally {
      this.replay = undefined;
    }
  }

  private async loadNewest(): Promise<(w: Part) => void> {
    const page = await this.page({});
    return (w) => w.reset(page.items, !page.more, true);
  }

  /** Half a page below `id`, a page from it on. */
  private async around(id: number): Promise<(w: Part) => void> {
    const [older, newer] = await Promise.all([
      this.page({ below: id, count: pageSize / 2 }),
      this.page({ above: id - 1, count: pageSize }),
    ]);
    return (w) => w.reset([...older.items, ...newer.items], !older.more, !newer.more);
  }

  private async aroundTime(time: number): Promise<(w: Part) => void> {
    const older = await this.page({ older: time, count: pageSize / 2 });
    // Above 0 would mean: no bound, the newest page. Nothing older means the chat begins later than `time`.
    const newest = older.items.reduce((max, e) => Math.max(max, e.id), 1);
    const newer = await this.page({ above: newest, count: pageSize });
    return (w) => w.reset([...older.items, ...newer.items], !older.more, !newer.more);
  }

  private async page(at: { below?: number; above?: number; older?: number; count?: number }): Promise<{ items: NumberedEntry[]; more: boolean }> {
    const page = await this.messages.readChat(this.chat, { count: pageSize, ...at, keep: true });
    return { items: page.items.map((m) => fromStored(m, this.me) as NumberedEntry), more: page.more };
  }
}
