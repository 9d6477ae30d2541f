// Lines over time: named at their end, three grid lines, a table of the same for readers.
import { clock, number } from "../ui/format.ts";

export interface Line {
  readonly name: string;
  readonly cord: "signal" | "ink" | "petrol";
  readonly points: readonly number[];
  /** The ground under it is tinted. */
  readonly area?: boolean;
}

export interface ChartProps {
  /** What it shows, for readers: "Messages per second". */
  label: string;
  times: readonly number[];
  lines: readonly Line[];
  /** A value in words. */
  format: (v: number) => string;
  /** Lower, without axes. */
  spark?: boolean | undefined;
}

const width = 760;
const left = 48;
const right = 672;

/** The largest round number (1, 2 or 5 times a power of ten) that holds all values. */
export function ceiling(max: number): number {
  if (!(max > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= max * 0.999) ?? 10 * power;
}

export function Chart({ label, times, lines, format, spark }: ChartProps) {
  const height = spark ? 64 : 206;
  const top = spark ? 6 : 30;
  const bottom = spark ? 62 : 180;
  const from = spark ? 0 : left;
  const to = spark ? width : right;
  const high = ceiling(Math.max(0, ...lines.flatMap((l) => l.points)));
  const x = (i: number, n: number) => from + (n < 2 ? to - from : ((to - from) * i) / (n - 1));
  const y = (v: number) => bottom - ((bottom - top) * v) / high;
  const path = (points: readonly number[]) => points.map((v, i) => `${i ? "L" : "M"}${x(i, points.length).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const ends = places(lines.map((l) => y(l.points.at(-1) ?? 0)), bottom);
  return (
    <figure>
      <svg class="chart" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio={spark ? "none" : "xMidYMid meet"} aria-hidden="true">
        {(spark ? [0] : [0, high / 2, high]).map((v) => (
          <g key={v}>
            <line class="gr" x1={from} x2={to} y1={y(v)} y2={y(v)} />
            {!spark && <text x={left - 8} y={y(v) + 4} text-anchor="end">{format(v)}</text>}
          </g>
        ))}
        {!spark && [0, 1 / 3, 2 / 3, 1].map((part) => <TimeMark key={part} part={part} times={times} at={from + (to - from) * part} />)}
        {lines.map((l, i) => (
          <g key={l.name} class={`c-${l.cord}`}>
            {l.area && l.points.length > 1 && <path class="area" d={`${path(l.points)}L${to} ${bottom}L${from} ${bottom}Z`} />}
            <path class="line" d={path(l.points)} />
            {!spark && l.points.length > 0 && <circle class="end" cx={to} cy={y(l.points.at(-1) ?? 0)} r="4" />}
            {!spark && l.points.length > 0 && (
              <>
                <text class="lbl" x={to + 10} y={ends[i]}>{l.name}</text>
                <text x={to + 10} y={(ends[i] ?? 0) + 15}>{format(l.points.at(-1) ?? 0)}</text>
              </>
            )}
          </g>
        ))}
      </svg>
      <ChartTable label={label} times={times} lines={lines} format={format} />
    </figure>
  );
}

function TimeMark({ part, times, at }: { part: number; times: readonly number[]; at: number }) {
  const time = times[Math.round(part * (times.length - 1))];
  if (time === undefined) return null;
  return <text x={at} y="202" text-anchor={part === 0 ? "start" : part === 1 ? "end" : "middle"}>{clock(time)}</text>;
}

/** Where the names at the ends of the lines stand: 32 apart at least, and not below `lowest`. */
export function places(ys: readonly number[], lowest: number): number[] {
  const order = ys.map((y, i) => ({ y, i })).sort((a, b) => b.y - a.y);
  const out: number[] = [];
  let below = lowest + 32;
  for (const { y, i } of order) out[i] = below = Math.min(y - 3, below - 32);
  return out;
}

/** The same for those who do not see it: ten rows are enough to tell how it goes. */
function ChartTable({ label, times, lines, format }: Pick<ChartProps, "label" | "times" | "lines" | "format">) {
  const step = Math.max(1, Math.ceil(times.length / 10));
  const rows = times.map((time, i) => ({ time, i })).filter(({ i }) => i % step === 0 || i === times.length - 1);
  return (
    <table class="vh">
      <caption>{label}</caption>
      <thead>
        <tr>
          <th />
          {lines.map((l) => <th key={l.name} scope="col">{l.name}</th>)}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ time, i }) => (
          <tr key={time}>
            <th scope="row">{clock(time)}</th>
            {lines.map((l) => <td key={l.name}>{format(l.points[i] ?? 0)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Rings for units, filled where one is in use; each stands for `per`. */
export function Jacks({ used, of, per }: { used: number; of: number; per: number }) {
  const columns = 40;
  const count = Math.ceil(of / per);
  const on = Math.round(used / per);
  const rows = Math.max(1, Math.ceil(count / columns));
  return (
    <svg viewBox={`0 0 ${columns * 12} ${rows * 12}`} aria-hidden="true">
      {Array.from({ length: count }, (_, i) => (
        <circle key={i} class={i < on ? "on" : undefined} cx={6 + (i % columns) * 12} cy={6 + Math.floor(i / columns) * 12} r="4" />
      ))}
    </svg>
  );
}

/** A rate, with one digit while it is small. */
export const rate = (v: number): string => number(v, v < 10 ? 1 : 0);
