// One call as a diagram: who sends what to whom, through the switch.
import type { Line } from "./feed.ts";

export interface Column {
  /** The connection; empty for the switch. */
  readonly conn: string;
  readonly name: string;
  readonly under: string;
}

export interface Step {
  readonly seq: number;
  readonly from: number;
  readonly to: number;
  readonly out: boolean;
  readonly type: string;
  readonly dropped: boolean;
  /** Milliseconds since the first step. */
  readonly after: number;
  readonly time: number;
}

export interface Diagram {
  readonly call: string;
  readonly columns: readonly Column[];
  readonly steps: readonly Step[];
  /** Steps that are not shown, because there are too many. */
  readonly more: number;
  readonly columnsMore: number;
}

const maxSteps = 200;
const maxColumns = 6;

/** The diagram of a call: the first connection, the switch, then the others as they come. */
export function diagram(lines: readonly Line[], call: string, switchName: string): Diagram {
  const own = lines.filter((l) => l.call === call);
  const conns: string[] = [];
  for (const l of own) if (!conns.includes(l.conn)) conns.push(l.conn);
  const shown = conns.slice(0, maxColumns - 1);
  const columnOf = (conn: string): Column => {
    const l = own.find((x) => x.conn === conn);
    return { conn, name: l?.object || conn, under: l?.object ? `${conn}, ${l.domain}` : "" };
  };
  const [first, ...others] = shown.map(columnOf);
  const columns = first ? [first, { conn: "", name: switchName, under: "" }, ...others] : [];
  const start = own[0]?.time ?? 0;
  const steps: Step[] = [];
  for (const l of own) {
    const at = columns.findIndex((c) => c.conn === l.conn && c.conn !== "");
    if (at < 0) continue;
    steps.push({ seq: l.seq, from: l.out ? 1 : at, to: l.out ? at : 1, out: l.out, type: l.type || l.dropped, dropped: l.dropped !== "", after: l.time - start, time: l.time });
  }
  return { call, columns, steps: steps.slice(0, maxSteps), more: Math.max(0, steps.length - maxSteps), columnsMore: conns.length - shown.length };
}
