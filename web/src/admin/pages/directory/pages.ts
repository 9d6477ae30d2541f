// Lists that are read in parts as one scrolls.
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { sentence } from "../../api.ts";
import type { Counted } from "./types.ts";

export interface Pages<T> {
  /** What is loaded; undefined until the first part is there. */
  readonly rows: ReadonlySignal<readonly T[] | undefined>;
  /** How many there are in all, if the list counts. */
  readonly total: ReadonlySignal<number | undefined>;
  readonly error: ReadonlySignal<string | undefined>;
  /** The end of the list is near: loads the next part, once at a time. */
  more(): void;
  /** Reads again what is loaded; what is shown stays until then. */
  again(): void;
  /** Changes rows that are loaded, after an act. */
  edit(change: (rows: readonly T[]) => readonly T[]): void;
}

export type Load<T> = (at: { readonly cursor: string | undefined; readonly limit: number; readonly signal: AbortSignal }) => Promise<Counted<T>>;

/** Rows of one answer; the API gives at most 1000. */
export const partSize = 200;
const mostAtOnce = 1000;

/** A list in parts; anew when `deps` change. */
export function usePages<T>(load: Load<T>, deps: readonly unknown[], refresh = 0): Pages<T> {
  const pages = useMemo(() => makePages(load), deps);
  useEffect(() => {
    pages.start();
    const timer = refresh > 0 ? setInterval(() => !document.hidden && pages.freshen(), refresh) : undefined;
    return () => {
      clearInterval(timer);
      pages.stop();
    };
  }, [pages, refresh]);
  return pages;
}

/** Exported for tests. */
export function makePages<T>(load: Load<T>): Pages<T> & { start(): void; stop(): void; freshen(): void } {
  const rows = signal<readonly T[] | undefined>(undefined);
  const total = signal<number | undefined>(undefined);
  const error = signal<string | undefined>(undefined);
  let next: string | undefined;
  let asking: AbortController | undefined;
  const fetch = async (cursor: string | undefined, limit: number) => {
    asking?.abort();
    const own = (asking = new AbortController());
    try {
      const part = await load({ cursor, limit, signal: own.signal });
      if (own.signal.aborted) return;
      rows.value = cursor === undefined ? part.items : [...(rows.peek() ?? []), ...part.items];
      next = part.next;
      if (part.total !== undefined) total.value = part.total;
      else if (next === undefined) total.value = rows.value.length;
      error.value = undefined;
    } catch (e) {
      if (!own.signal.aborted) error.value = sentence(e);
    } finally {
      if (asking === own) asking = undefined;
    }
  };
  const again = () => void fetch(undefined, Math.min(mostAtOnce, Math.max(partSize, rows.peek()?.length ?? 0)));
  return {
    rows,
    total,
    error,
    more() {
      if (asking === undefined && next !== undefined) void fetch(next, partSize);
    },
    again,
    edit(change) {
      if (rows.peek()) rows.value = change(rows.peek() ?? []);
    },
    start: again,
    stop() {
      asking?.abort();
      asking = undefined;
    },
    /** As again, but only while one request brings all that is loaded: nobody is thrown back to the start. */
    freshen() {
      if (asking === undefined && (rows.peek()?.length ?? 0) <= mostAtOnce) again();
    },
  };
}
