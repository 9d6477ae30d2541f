import type { Stop } from "./types.ts";

/** Listeners by event. One that throws is reported and harms neither the others nor the connection. */
export class Emitter<E extends object> {
  private readonly listeners = new Map<keyof E, Set<(value: never) => void>>();

  on<K extends keyof E>(event: K, f: (value: E[K]) => void): Stop {
    let set = this.listeners.get(event);
    if (!set) this.listeners.set(event, (set = new Set()));
    // Each call counts for itself, also of the same function.
    const own = (value: E[K]): void => f(value);
    set.add(own as (value: never) => void);
    return () => void set.delete(own as (value: never) => void);
  }

  /** True where somebody listens: for events that cost something to make. */
  heard(event: keyof E): boolean {
    return (this.listeners.get(event)?.size ?? 0) > 0;
  }

  emit<K extends keyof E>(event: K, value: E[K]): void {
    for (const f of [...(this.listeners.get(event) ?? [])]) {
      guarded(() => (f as (value: E[K]) => void)(value));
    }
  }
}

/** Runs what belongs to somebody else: its error is theirs, and is shown where errors are shown. */
export function guarded(f: () => void): void {
  try {
    f();
  } catch (e) {
    report(e);
  }
}

export function report(e: unknown): void {
  if (typeof reportError === "function") reportError(e);
  else console.error(e);
}
