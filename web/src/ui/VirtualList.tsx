import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { ComponentChildren, Ref } from "preact";
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { cx } from "./cx.ts";

export interface ListHandle {
  readonly element: HTMLElement | null;
  /** Brings an item into view; false when it is not in the list. */
  scrollTo(key: string, align?: "start" | "center" | "end" | "auto"): boolean;
  scrollToIndex(index: number, align?: "start" | "center" | "end" | "auto"): void;
  scrollToEnd(): void;
  /** Whether the newest item is in view (within `slack` pixels). */
  atEnd(slack?: number): boolean;
  /** The topmost item in view and how far it is scrolled past: kept per chat, given back to `restore`. */
  place(): { readonly key: string; readonly past: number } | undefined;
  restore(place: { readonly key: string; readonly past: number }): boolean;
  /** Where an item stands in the list now, in pixels from the top of what is seen. */
  offsetOf(key: string): { readonly top: number; readonly height: number } | undefined;
}

export interface VirtualListProps {
  count: number;
  /** Steady key of an item: sizes and the place are kept by it. */
  keyOf: (index: number) => string;
  /**
   * The array behind the items: while it is the same one, their keys are taken to be the
   * same. Without it every drawing looks through all items, which long lists feel.
   */
  of?: unknown;
  render: (index: number) => ComponentChildren;
  /** Height of an item that was never seen, in pixels. */
  estimate: number | ((index: number) => number);
  /**
   * What happens when items come: `start` is a plain list; `keep` keeps what is read in
   * its place when items come above, unless one is at the top; `end` is a conversation:
   * keeps the place, and follows new items when one is at the end.
   */
  anchor?: "start" | "keep" | "end";
  /** Space before the first and after the last item, in pixels. */
  padStart?: number;
  padEnd?: number;
  overscan?: number;
  /** Called after each scroll or change: the indices in view. Load more from here. */
  onRange?: (first: number, last: number) => void;
  onScroll?: (el: HTMLElement) => void;
  class?: string | undefined;
  rowClass?: string | undefined;
  role?: "list" | "listbox" | "log" | "rowgroup" | "feed" | "none" | undefined;
  rowRole?: "listitem" | "none" | "row" | "presentation" | undefined;
  label?: string | undefined;
  tabIndex?: number | undefined;
  handle?: Ref<ListHandle> | undefined;
}

/**
 * Shows only what is in view, of any number of items of any height. Items are measured
 * when they appear; what is above never moves what is read.
 */
export function VirtualList(p: VirtualListProps) {
  const box = useRef<HTMLDivElement>(null);
  const v = useVirtualizer(p, box);
  useImperativeHandle(p.handle ?? null, () => handleOf(v, p, box), [v, p.count, p.of ?? p.keyOf]);
  const items = v.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? -1;
  useEffect(() => {
    const range = v.range;
    if (range) p.onRange?.(range.startIndex, range.endIndex);
  }, [first, last, p.count, v.range?.startIndex, v.range?.endIndex]);
  return (
    <div ref={box} class={cx("vlist", p.class)} role={p.role === "log" ? "log" : undefined} aria-label={p.role === "log" ? p.label : undefined} tabIndex={p.tabIndex} onScroll={() => box.current && p.onScroll?.(box.current)}>
      <div class="vlist-in" role={p.role === "log" ? undefined : p.role} aria-label={p.role === "log" ? undefined : p.label} ref={(el) => el?.style.setProperty("--total", `${v.getTotalSize()}px`)}>
        {items.map((item) => (
          <div
            key={item.key}
            ref={(el) => {
              el?.style.setProperty("--y", `${item.start}px`);
              v.measureElement(el);
            }}
            data-index={item.index}
            class={cx("vrow", p.rowClass)}
            role={p.rowRole}
            aria-posinset={p.rowRole === "listitem" ? item.index + 1 : undefined}
            aria-setsize={p.rowRole === "listitem" ? p.count : undefined}
          >
            {p.render(item.index)}
          </div>
        ))}
      </div>
    </div>
  );
}

type V = Virtualizer<HTMLElement, HTMLElement>;

function useVirtualizer(p: VirtualListProps, box: { current: HTMLDivElement | null }): V {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const made = useRef<V | undefined>(undefined);
  const anchor = p.anchor ?? "start";
  // The virtualizer measures anew when these functions are others, so they are kept.
  const latest = useRef(p);
  latest.current = p;
  const keyOf = useMemo(() => (i: number) => latest.current.keyOf(i), [p.of ?? p.keyOf, p.count]);
  const estimate = useCallback((i: number) => (typeof latest.current.estimate === "number" ? latest.current.estimate : latest.current.estimate(i)), []);
  const scrolled = (made.current?.scrollOffset ?? 0) > 4;
  const options = {
    count: p.count,
    getScrollElement: () => box.current,
    estimateSize: estimate,
    getItemKey: keyOf,
    overscan: p.overscan ?? 8,
    paddingStart: p.padStart ?? 0,
    paddingEnd: p.padEnd ?? 0,
    anchorTo: anchor === "end" || (anchor === "keep" && scrolled) ? ("end" as const) : ("start" as const),
    followOnAppend: anchor === "end",
    scrollEndThreshold: anchor === "end" ? 48 : 0,
    scrollToFn: elementScroll<HTMLElement>,
    observeElementRect: observeElementRect<HTMLElement>,
    observeElementOffset: observeElementOffset<HTMLElement>,
    onChange: () => redraw(undefined as never),
  };
  made.current ??= new Virtualizer<HTMLElement, HTMLElement>(options);
  made.current.setOptions(options);
  const v = made.current;
  useLayoutEffect(() => v._didMount(), [v]);
  useLayoutEffect(() => v._willUpdate());
  return v;
}

function handleOf(v: V, p: VirtualListProps, box: { current: HTMLDivElement | null }): ListHandle {
  const indexOf = (key: string) => {
    for (let i = 0; i < p.count; i++) if (p.keyOf(i) === key) return i;
    return -1;
  };
  return {
    get element() {
      return box.current;
    },
    scrollTo(key, align = "center") {
      const i = indexOf(key);
      if (i >= 0) v.scrollToIndex(i, { align });
      return i >= 0;
    },
    scrollToIndex: (index, align = "auto") => v.scrollToIndex(index, { align }),
    scrollToEnd: () => v.scrollToEnd(),
    atEnd: (slack = 48) => v.isAtEnd(slack),
    place() {
      const item = v.getVirtualItemForOffset(v.scrollOffset ?? 0);
      return item && { key: String(item.key), past: (v.scrollOffset ?? 0) - item.start };
    },
    restore(place) {
      const i = indexOf(place.key);
      const at = i < 0 ? undefined : v.getOffsetForIndex(i, "start");
      if (at) v.scrollToOffset(at[0] + place.past);
      return at !== undefined;
    },
    offsetOf(key) {
      const i = indexOf(key);
      const item = i < 0 ? undefined : v.measurementsCache[i];
      return item && { top: item.start - (v.scrollOffset ?? 0), height: item.size };
    },
  };
}
