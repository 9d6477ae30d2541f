import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Tip {
  readonly anchor: Element;
  readonly word: string;
  readonly keys?: string | undefined;
}

const shown = signal<Tip | undefined>(undefined);
const delay = 500; // WCAG 1.4.13: also on focus, leaves by Esc
let timer: ReturnType<typeof setTimeout> | undefined;

function show(tip: Tip, after: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (tip.anchor.isConnected) shown.value = tip;
  }, after);
}

export function hideTooltip(): void {
  clearTimeout(timer);
  shown.value = undefined;
}

/** Event handlers that give an element its tooltip; spread them into it. */
export function tooltip(word: string, keys?: string) {
  const on = (e: Event, after: number) => show({ anchor: e.currentTarget as Element, word, keys }, after);
  return {
    onPointerEnter: (e: PointerEvent) => e.pointerType !== "touch" && on(e, delay),
    onPointerLeave: hideTooltip,
    onPointerDown: hideTooltip,
    onFocus: (e: FocusEvent) => (e.currentTarget as Element).matches(":focus-visible") && on(e, 0),
    onBlur: hideTooltip,
    onKeyDown: (e: KeyboardEvent) => e.key === "Escape" && hideTooltip(),
  };
}

/** The one tooltip of the page; mounted once by the frame. */
export function Tooltips() {
  const tip = shown.value;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el || !tip) return;
    el.showPopover?.(); // above dialogs
    place(el, tip.anchor.getBoundingClientRect());
  }, [tip]);
  if (!tip) return null;
  return (
    <div ref={box} class="tip floating" role="tooltip" popover="manual">
      {tip.word}
      {tip.keys && <kbd class="kbd">{tip.keys}</kbd>}
    </div>
  );
}

/** Below the anchor, in its middle; above where there is no room; never out of the window. */
export function place(el: HTMLElement, at: DOMRect, gap = 6): void {
  const own = el.getBoundingClientRect();
  const x = Math.min(Math.max(gap, at.left + (at.width - own.width) / 2), innerWidth - own.width - gap);
  const below = at.bottom + gap;
  const y = below + own.height > innerHeight ? at.top - own.height - gap : below;
  el.style.setProperty("--x", `${Math.round(x)}px`);
  el.style.setProperty("--y", `${Math.round(Math.max(gap, y))}px`);
}
