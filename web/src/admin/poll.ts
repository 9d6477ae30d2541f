// Live values: asked again and again while somebody looks.
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { sentence } from "./api.ts";

export interface Polled<T> {
  readonly value: ReadonlySignal<T | undefined>;
  readonly error: ReadonlySignal<string | undefined>;
  /** Since when nothing new is asked for, by the person's wish. */
  readonly paused: ReadonlySignal<number | undefined>;
  pause(on: boolean): void;
  /** Asks now, and shows nothing old meanwhile if `fresh`. */
  again(fresh?: boolean): void;
}

/**
 * Asks `load` now, when `deps` change, and each `ms` while the page is seen; 0 asks once.
 * What was there stays when a later question fails; the error stands beside it.
 */
export function usePoll<T>(load: (signal: AbortSignal) => Promise<T>, ms: number, deps: readonly unknown[] = []): Polled<T> {
  const poll = useMemo(() => makePoll(load, ms), deps);
  useEffect(() => {
    poll.start();
    return () => poll.stop();
  }, [poll]);
  return poll;
}

function makePoll<T>(load: (signal: AbortSignal) => Promise<T>, ms: number): Polled<T> & { start(): void; stop(): void } {
  const value = signal<T | undefined>(undefined);
  const error = signal<string | undefined>(undefined);
  const paused = signal<number | undefined>(undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking: AbortController | undefined;
  let running = false;
  const later = () => {
    clearTimeout(timer);
    if (running && ms > 0 && paused.peek() === undefined) timer = setTimeout(() => void now(), ms);
  };
  const now = async () => {
    if (document.hidden && value.peek() !== undefined) return later();
    asking?.abort();
    const own = (asking = new AbortController());
    try {
      const got = await load(own.signal);
      if (own.signal.aborted) return;
      value.value = got;
      error.value = undefined;
    } catch (e) {
      if (own.signal.aborted) return;
      error.value = sentence(e);
    }
    later();
  };
  return {
    value,
    error,
    paused,
    pause(on) {
      paused.value = on ? Date.now() : undefined;
      if (on) clearTimeout(timer);
      else void now();
    },
    again(fresh = false) {
      if (fresh) value.value = undefined;
      void now();
    },
    start() {
      running = true;
      void now();
    },
    stop() {
      running = false;
      clearTimeout(timer);
      asking?.abort();
    },
  };
}
