import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { dayKey, locale, weekStart, weekdays } from "../../../../ui/format.ts";
import { usePane } from "../pane.ts";
import { type Day, dayFrom, keyOf, monthOf, plusDays, plusMonths, startOfDay } from "./calendar.ts";

/** A calendar; a day goes to its first message. Arrows move by days, Page keys by months. */
export default function JumpDate({ time, onClose }: { time: number; onClose: () => void }) {
  const pane = usePane();
  const at = useSignal<Day>(dayFrom(dayKey(time)));
  const table = useRef<HTMLTableElement>(null);
  const moved = useRef(false);
  const today = dayKey(Date.now());
  useEffect(() => {
    if (moved.current || document.activeElement?.closest("dialog")) table.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }, [at.value]);
  const go = (d: Day) => {
    onClose();
    void pane.acts.jump({ time: startOfDay(d, dayKey) });
  };
  const move = (d: Day) => {
    moved.current = true;
    at.value = keyOf(d) > today ? dayFrom(today) : d;
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    const days = new Map([["ArrowLeft", -rtl], ["ArrowRight", rtl], ["ArrowUp", -7], ["ArrowDown", 7]]).get(e.key);
    const months = new Map([["PageUp", -1], ["PageDown", 1]]).get(e.key);
    if (days !== undefined) move(plusDays(at.value, days));
    else if (months !== undefined) move(plusMonths(at.value, e.shiftKey ? 12 * months : months));
    else return;
    e.preventDefault();
  };
  const { year, month } = at.value;
  const title = new Intl.DateTimeFormat(locale.value, { month: "long", year: "numeric", timeZone: "UTC" }).format(Date.UTC(year, month, 1));
  const long = new Intl.DateTimeFormat(locale.value, { dateStyle: "full", timeZone: "UTC" });
  return (
    <Dialog title={t("conversation.toDate")} onClose={onClose}>
      <div class="cal-head">
        <IconButton icon="back" label={t("conversation.monthBefore")} keys="PageUp" onClick={() => move(plusMonths(at.value, -1))} />
        <h3 class="grow" aria-live="polite">{title}</h3>
        <IconButton icon="next" label={t("conversation.monthAfter")} keys="PageDown" disabled={keyOf(plusMonths({ ...at.value, day: 1 }, 1)) > today} onClick={() => move(plusMonths(at.value, 1))} />
      </div>
      <table ref={table} class="cal" role="grid" aria-label={title} lang={language.value} onKeyDown={onKeyDown}>
        <thead><tr>{weekdays().map((d) => <th key={d} scope="col">{d}</th>)}</tr></thead>
        <tbody>
          {monthOf(year, month, weekStart()).map((week, i) => (
            <tr key={i}>
              {week.map((d, k) => (
                <td key={k} aria-selected={d ? keyOf(d) === keyOf(at.value) : undefined}>
                  {d && (
                    <button
                      type="button"
                      class={keyOf(d) === today ? "today" : undefined}
                      disabled={keyOf(d) > today}
                      tabIndex={keyOf(d) === keyOf(at.value) ? 0 : -1}
                      aria-label={long.format(Date.UTC(d.year, d.month, d.day))}
                      onClick={() => go(d)}
                    >
                      {d.day}
                    </button>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
