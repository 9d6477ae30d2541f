import { useRef } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { cx } from "../../../ui/cx.ts";
import { clockSeconds, number } from "../../../ui/format.ts";
import { toast } from "../../../ui/Toast.tsx";
import type { Diagram, Step } from "./sequence.ts";

const width = 764;
const head = 46;
const stepHeight = 28;

export interface SequenceBoxProps {
  diagram: Diagram;
  chosen: number | undefined;
  onChoose: (seq: number) => void;
  onClose: () => void;
}

/** One call from its trace: jacks as columns, cords as messages, the plug at the sender. */
export function SequenceBox({ diagram: d, chosen, onChoose, onClose }: SequenceBoxProps) {
  const svg = useRef<SVGSVGElement>(null);
  const height = head + 12 + d.steps.length * stepHeight;
  const last = Math.max(1, d.columns.length - 1);
  const x = (column: number) => 70 + ((width - 204) * column) / last;
  return (
    <section class="seqbox" aria-label={t("consoleTracing.sequence", { call: d.call })}>
      <h2>
        {t("consoleTracing.ofCall", { call: d.call })}
        <span class="grow" />
        {d.more + d.columnsMore > 0 && <span class="hint">{t("consoleTracing.notShown", { steps: d.more, columns: d.columnsMore })}</span>}
        <IconButton icon="copy" label={t("ui.copy")} onClick={() => void copy(d)} />
        <IconButton icon="close" label={t("ui.close")} onClick={onClose} />
      </h2>
      <div class="seqscroll">
        <svg ref={svg} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${t("consoleTracing.sequence", { call: d.call })}: ${d.steps.map((s) => s.type).join(", ")}`}>
          {d.columns.map((c, i) => (
            <g key={c.conn}>
              <line class="col" x1={x(i)} x2={x(i)} y1={head} y2={height - 4} />
              <circle class="jack" cx={x(i)} cy={head - 6} r="6" />
              <text class="who" x={x(i)} y="14" text-anchor="middle">{cut(c.name, d.columns.length)}</text>
              <text class="t" x={x(i)} y="28" text-anchor="middle">{c.under}</text>
            </g>
          ))}
          {d.steps.map((s, i) => (
            <StepLine key={s.seq} s={s} first={i === 0} y={head + 24 + i * stepHeight} x={x} on={s.seq === chosen} onChoose={onChoose} />
          ))}
        </svg>
      </div>
    </section>
  );
}

function cut(name: string, columns: number): string {
  const most = columns > 4 ? 12 : 22;
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

function StepLine({ s, first, y, x, on, onChoose }: { s: Step; first: boolean; y: number; x: (column: number) => number; on: boolean; onChoose: (seq: number) => void }) {
  const from = x(s.from);
  const to = x(s.to);
  const way = to > from ? 1 : -1;
  return (
    <g class={cx("step", s.out ? "sent" : "got", s.dropped && "lost")} onClick={() => onChoose(s.seq)}>
      <rect class={on ? "hit on" : "hit"} x="4" y={y - 14} width={width - 8} height={stepHeight} rx="6" />
      <path class="cord" d={`M${from} ${y}H${to - way * 9}`} />
      <circle class="plug" cx={from} cy={y} r="4" />
      <path class="tip-arrow" d={`M${to - way * 11} ${y - 5}l${way * 8} 5l${-way * 8} 5`} />
      <text class="m" x={(from + to) / 2} y={y - 6} text-anchor="middle">{s.type}</text>
      <text class="t" x={width - 12} y={y + 4} text-anchor="end">{first ? clockSeconds(s.time) : after(s.after)}</text>
    </g>
  );
}

/** Time since the first step. */
function after(ms: number): string {
  return ms < 1000 ? `+${number(ms)} ms` : `+${number(ms / 1000, 2)} s`;
}

/** The diagram as lines of text, for a ticket. */
async function copy(d: Diagram): Promise<void> {
  const lines = d.steps.map((s) => `${after(s.after).padStart(10)}  ${d.columns[s.from]?.name} -> ${d.columns[s.to]?.name}: ${s.type}`);
  try {
    await navigator.clipboard.writeText(lines.join("\n"));
    toast(t("ui.copied"));
  } catch {
    toast(t("consoleTracing.noClipboard"));
  }
}
