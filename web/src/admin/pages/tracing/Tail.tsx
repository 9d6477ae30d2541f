import { memo } from "../../../ui/memo.ts";
import { t } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { clockSeconds } from "../../../ui/format.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { VirtualList } from "../../../ui/VirtualList.tsx";
import type { Line } from "./feed.ts";

export interface TailProps {
  lines: readonly Line[];
  /** seq of the chosen line. */
  chosen: number | undefined;
  onChoose: (l: Line) => void;
}

/** The lines, newest last; follows new ones while the end is seen. */
export function Tail({ lines, chosen, onChoose }: TailProps) {
  return (
    <div class="tail" role="table" aria-label={t("consoleTracing.tail")}>
      <div class="ln h" role="row">
        <span role="columnheader">{t("consoleTracing.time")}</span>
        <span role="columnheader"><span class="vh">{t("consoleTracing.direction")}</span></span>
        <span role="columnheader">{t("consoleTracing.peer")}</span>
        <span role="columnheader">API</span>
        <span role="columnheader">{t("consoleTracing.message")}</span>
        <span role="columnheader" class="sz">{t("consoleTracing.bytes")}</span>
      </div>
      <VirtualList
        count={lines.length}
        keyOf={(i) => String(lines[i]?.seq ?? i)}
        estimate={28}
        anchor="end"
        role="rowgroup"
        rowRole="presentation"
        label={t("consoleTracing.tail")}
        render={(i) => {
          const l = lines[i];
          return l && <Row l={l} on={l.seq === chosen} onChoose={onChoose} />;
        }}
      />
    </div>
  );
}

const Row = memo(function Row({ l, on, onChoose }: { l: Line; on: boolean; onChoose: (l: Line) => void }) {
  const side = l.out ? "out-c" : "in-c";
  return (
    <div class={cx("ln", on && "on", l.dropped !== "" && "bad")} role="row" aria-selected={on} onClick={() => onChoose(l)}>
      <time role="cell">{clockSeconds(l.time)}</time>
      <span class={side} role="cell">
        <Icon name={l.out ? "out" : "missed"} small />
        <span class="vh">{t(l.out ? "consoleTracing.sent" : "consoleTracing.received")}</span>
      </span>
      <span class={side} role="cell">
        <bdi>{l.object || l.conn}</bdi>
      </span>
      <span role="cell">{l.api || l.flags[0]}</span>
      <span role="cell">
        <button class="ty" onClick={() => onChoose(l)}>{l.type || l.dropped || "…"}</button> {l.dropped ? `${t("consoleTracing.dropped", { reason: l.dropped })} ` : ""}
        {l.about}
      </span>
      <span class="sz" role="cell">{l.text.length}</span>
    </div>
  );
});
