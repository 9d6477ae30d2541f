// Lists of the API that come in parts.
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ask, sentence, type Ask, type Part } from "./api.ts";

export interface List<T> {
  readonly items: ReadonlySignal<readonly T[]>;
  /** The first part is there. */
  readonly loaded: ReadonlySignal<boolean>;
  /** There is nothing more. */
  readonly whole: ReadonlySignal<boolean>;
  readonly error: ReadonlySignal<string | undefined>;
  /** Loads the next part, if there is one and none is under way. */
  more(): void;
  /** Begins anew; what is shown stays until the first part has come. */
  again(): void;
}

/** A list from its first part on; anew when `deps` change. */
export function useList<T>(parts: readonly string[], query: Ask["query"], deps: readonly unknown[]): List<T> {
  const list = useMemo(() => makeList<T>(parts, query), [...parts, ...deps]);
  useEffect(() => {
    list.again();
    return () => list.stop();
  }, [list]);
  return list;
}

/** Waits for typing to pause before it asks. */
const pause = 150;

export function makeList<T>(parts: readonly string[], query: Ask["query"]): List<T> & { stop(): void } {
  const items = signal<readonly T[]>([]);
  const loaded = signal(false);
  const whole = signal(false);
  const error = signal<string | undefined>(undefined);
  let next: string | undefined;
  let asking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const load = async (cursor: string | undefined) => {
    const own = (asking = new AbortController());
    try {
      const part = await ask<Part<T>>("GET", parts, { query: { ...query, cursor }, signal: own.signal });
      if (own.signal.aborted) return;
      items.value = cursor === undefined ? part.items : [...items.value, ...part.items];
      next = part.next;
      whole.value = next === undefined;
      loaded.value = true;
      error.value = undefined;
    } catch (e) {
      if (!own.signal.aborted) error.value = sentence(e);
    }
    if (asking === own) asking = undefined;
  };
  return {
    items, loaded, whole, error,
    more() {
      if (next !== undefined && !asking && error.value === undefined) void load(next);
    },
    again() {
      asking?.abort();
      asking = undefined;
      clearTimeout(timer);
      timer = setTimeout(() => void load(undefined), pause);
    },
    stop() {
      asking?.abort();
      clearTimeout(timer);
    },
  };
}
