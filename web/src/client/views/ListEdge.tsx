import { useEffect, useRef } from "preact/hooks";
import { setting } from "../../ui/settings.ts";
import { wide } from "../../ui/theme.ts";
import { t } from "../../i18n/index.ts";

const least = 280;
const most = 440;
const standard = 336;
const width = setting("listWidth", standard, (x): x is number => typeof x === "number" && x >= least && x <= most);

/** Gives the frame the width of its list (280 to 440, from 1200 on). */
export function useListWidth() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => width.subscribe((w) => box.current?.style.setProperty("--list", `${w / 16}rem`)), []);
  return box;
}

/** The edge between list and pane: drag it, or use the arrow keys. */
export function ListEdge() {
  if (!wide.w1200.value) return null;
  const rtl = document.documentElement.dir === "rtl";
  const set = (w: number) => void (width.value = Math.round(Math.min(most, Math.max(least, w))));
  const drag = (e: PointerEvent) => {
    const el = e.currentTarget as HTMLElement;
    const from = e.clientX;
    const start = width.peek();
    el.setPointerCapture(e.pointerId);
    const move = (m: PointerEvent) => set(start + (m.clientX - from) * (rtl ? -1 : 1));
    el.addEventListener("pointermove", move);
    el.addEventListener("lostpointercapture", () => el.removeEventListener("pointermove", move), { once: true });
  };
  const keys = (e: KeyboardEvent) => {
    const step = e.key === "ArrowRight" ? 16 : e.key === "ArrowLeft" ? -16 : 0;
    if (step === 0) return;
    e.preventDefault();
    set(width.peek() + (rtl ? -step : step));
  };
  return (
    <div
      class="list-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={t("shell.list.width")}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={width.value}
      tabIndex={0}
      onPointerDown={drag}
      onDblClick={() => set(standard)}
      onKeyDown={keys}
    />
  );
}
