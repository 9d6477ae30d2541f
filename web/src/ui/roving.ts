import { useRef, useState } from "preact/hooks";
import type { ListHandle } from "./VirtualList.tsx";

/**
 * Keys of a virtual list: one Tab stop, arrows, Home, End and Page keys inside. `select`
 * finds the thing to focus in a row. Give `keys` to the element around the list, ask
 * `stop(index)` for tabIndex.
 */
export function useRoving(list: { readonly current: ListHandle | null }, count: number, initial: number, select = "a, button") {
  const [at, setAt] = useState<number | undefined>(undefined);
  const chosen = Math.min(at ?? Math.max(0, initial), Math.max(0, count - 1));
  const latest = useRef(chosen);
  latest.current = chosen;
  const focus = (index: number) => {
    setAt(index);
    list.current?.scrollToIndex(index, "auto");
    // Two frames: the row may have to be drawn first.
    requestAnimationFrame(() => requestAnimationFrame(() => list.current?.element?.querySelector<HTMLElement>(`[data-index="${index}"] :is(${select})`)?.focus({ preventScroll: true })));
  };
  const keys = (e: KeyboardEvent) => {
    if (e.altKey || e.ctrlKey || e.metaKey || count === 0) return;
    const step = new Map<string, number>([["ArrowDown", 1], ["ArrowUp", -1], ["PageDown", 10], ["PageUp", -10], ["Home", -count], ["End", count]]).get(e.key);
    const row = (e.target as Element).closest?.("[data-index]");
    if (step === undefined || !row) return;
    e.preventDefault();
    const from = Number(row.getAttribute("data-index") ?? latest.current);
    focus(Math.min(count - 1, Math.max(0, from + step)));
  };
  return { keys, focus, stop: (index: number) => index === chosen };
}
