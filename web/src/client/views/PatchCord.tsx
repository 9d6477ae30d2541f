import type { Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from "preact/hooks";
import { cx } from "../../ui/cx.ts";
import type { ListHandle } from "../../ui/VirtualList.tsx";

export interface PatchCordProps {
  list: { readonly current: ListHandle | null };
  chat: string;
  /** dead: offline; loose: nothing is kept; live: joined. */
  look: "live" | "loose" | "dead";
  handle: Ref<{ update(): void }>;
}

/**
 * The cord from the open row to the head of its conversation. It follows the row while
 * the list scrolls, slides to another row in 180 ms, and ends at the list's edge when the
 * row is scrolled away. Readers do not hear of it: aria-current says the same.
 *
 * Drawn in pixels of 100 % text size, scaled as a whole. The lower curve and a long line
 * upwards move as one and are clipped at the upper curve, so sliding is one transform.
 */
export function PatchCord({ list, chat, look, handle }: PatchCordProps) {
  const svg = useRef<SVGSVGElement>(null);
  const before = useRef(chat);
  const update = () => place(svg.current, list.current, chat);
  useImperativeHandle(handle, () => ({ update }), [chat]);
  useLayoutEffect(() => {
    const el = svg.current;
    if (before.current !== chat) {
      before.current = chat;
      el?.classList.add("slides");
      setTimeout(() => el?.classList.remove("slides"), 400); // longer than any slide
    }
    update();
  });
  useEffect(() => {
    const watch = new ResizeObserver(update);
    if (list.current?.element) watch.observe(list.current.element);
    const late = setTimeout(update, 50); // sizes are measured after the first drawing
    return () => {
      watch.disconnect();
      clearTimeout(late);
    };
  }, [chat]);
  return (
    <svg ref={svg} class={cx("patch", look !== "live" && look)} aria-hidden="true">
      <defs>
        <clipPath id="cord-clip">
          <rect x="-20" y="40" width="80" height="8000" />
        </clipPath>
      </defs>
      <g class="scale">
        <path d="M15 40q0-8 8-8" />
        <g clip-path="url(#cord-clip)">
          <path class="slide" d="M7 0q8 0 8-8V-8000" />
        </g>
        <circle class="plug slide" cx="7" cy="0" r="4.5" />
        <circle class="hole" cx="27" cy="32" r="4.5" />
      </g>
    </svg>
  );
}

function place(svg: SVGSVGElement | null, list: ListHandle | null, chat: string): void {
  const box = list?.element;
  const section = svg?.parentElement;
  if (!svg || !list || !box || !section) return;
  const row = list.offsetOf(chat);
  const top = box.getBoundingClientRect().top - section.getBoundingClientRect().top;
  const height = box.clientHeight;
  const middle = row ? row.top + row.height / 2 : height;
  const inside = middle >= 0 && middle <= height;
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
  const y = (top + Math.min(Math.max(middle, 0), height)) / scale;
  svg.style.setProperty("--y", `${y}px`);
  svg.style.setProperty("--scale", String(scale));
  svg.classList.toggle("away", !inside);
}
