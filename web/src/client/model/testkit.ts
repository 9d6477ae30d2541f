// A browser for tests: its tabs share database, localStorage, locks and channels.
import { IDBFactory as FakeFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { randomHex, type Channel, type Locks, type Platform } from "./platform.ts";

export class TestStorage implements Storage {
  private readonly map = new Map<string, string>();
  get length(): number {
    return this.map.size;
  }
  clear(): void {
    this.map.clear();
  }
  getItem(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  key(i: number): string | null {
    return [...this.map.keys()][i] ?? null;
  }
  removeItem(key: string): void {
    this.map.delete(key);
  }
  setItem(key: string, value: string): void {
    this.map.set(key, value);
  }
}

/** Web Locks among the tabs of one TestBrowser. */
class TestLocks implements Locks {
  private readonly held = new Set<string>();
  private readonly waiting: { name: string; signal: AbortSignal | undefined; run: () => void }[] = [];

  async request(name: string, options: { signal?: AbortSignal }, hold: () => Promise<void>): Promise<void> {
    if (this.held.has(name)) {
      await new Promise<void>((resolve, reject) => {
        const entry = { name, signal: options.signal, run: resolve };
        this.waiting.push(entry);
        options.signal?.addEventListener("abort", () => {
          const i = this.waiting.indexOf(entry);
          if (i >= 0) {
            this.waiting.splice(i, 1);
            reject(new DOMException("aborted", "AbortError"));
          }
        });
      });
    }
    this.held.add(name);
    try {
      await hold();
    } finally {
      this.held.delete(name);
      const next = this.waiting.findIndex((w) => w.name === name);
      if (next >= 0) {
        this.waiting.splice(next, 1)[0]?.run();
      }
    }
  }
}

export class TestBrowser {
  readonly indexedDB = new FakeFactory();
  readonly local = new TestStorage();
  private readonly locks = new TestLocks();
  private readonly channels = new Map<string, Set<Channel>>();

  constructor(private readonly options: { readonly locks?: boolean } = {}) {}

  /** A tab; `session` of an earlier one makes it the same tab, loaded again. */
  tab(session = new TestStorage()): Platform & { seen: boolean; readonly session: TestStorage; readonly urls: Set<string> } {
    const urls = new Set<string>();
    const platform = {
      indexedDB: this.indexedDB,
      locks: this.options.locks === false ? undefined : this.locks,
      local: this.local,
      session,
      seen: true,
      urls,
      channel: (name: string) => this.channel(name),
      now: () => Date.now(),
      random: randomHex,
      visible: () => platform.seen,
      objectURL: (b: Blob) => {
        const url = `blob:test/${randomHex(4)}/${b.size}`;
        urls.add(url);
        return url;
      },
      revokeURL: (url: string) => void urls.delete(url),
      watch: () => () => undefined,
      userAgent: "Tandem · test",
      origin: undefined as string | undefined,
    };
    return platform;
  }

  private channel(name: string): Channel {
    const all = this.channels.get(name) ?? new Set<Channel>();
    this.channels.set(name, all);
    const mine: Channel = {
      onmessage: null,
      postMessage: (data) => {
        const copy: unknown = structuredClone(data);
        for (const c of all) {
          if (c !== mine) {
            queueMicrotask(() => all.has(c) && c.onmessage?.({ data: copy } as MessageEvent));
          }
        }
      },
      close: () => all.delete(mine),
    };
    all.add(mine);
    return mine;
  }
}

/** Waits until something holds. Only for tests with real time. */
export async function until<T>(f: () => T, what = f.toString(), limit = 8000): Promise<NonNullable<T>> {
  const end = Date.now() + limit;
  for (;;) {
    const v = f();
    if (v) {
      return v as NonNullable<T>;
    }
    if (Date.now() > end) {
      throw new Error(`it did not happen: ${what}`);
    }
    await new Promise((r) => setTimeout(r, 10));
  }
}
