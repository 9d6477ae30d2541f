// The client's own trace: what it sent and received (App), also on the browser's console
// (Browser Console). A ring: the oldest lines go first. Secrets are masked by protocol/;
// texts are masked here unless the person asks for them.
import type { TraceFrame } from "../../protocol/index.ts";
import type { TraceLine } from "./types.ts";

const maxLines = 2000;
const maxBytes = 2 << 20;
const maxLine = 16 << 10;

export class TraceRing {
  private lines: TraceLine[] = [];
  private bytes = 0;

  add(line: TraceLine): void {
    const cut = line.text.length > maxLine ? { ...line, text: `${line.text.slice(0, maxLine)}… (${line.text.length} characters)` } : line;
    this.lines.push(cut);
    this.bytes += sizeOf(cut);
    let drop = 0;
    while (this.lines.length - drop > maxLines || this.bytes > maxBytes) {
      this.bytes -= sizeOf(this.lines[drop] as TraceLine);
      drop++;
    }
    if (drop > 0) {
      this.lines.splice(0, drop);
    }
  }

  list(): readonly TraceLine[] {
    return this.lines.slice();
  }

  clear(): void {
    this.lines = [];
    this.bytes = 0;
  }
}

function sizeOf(l: TraceLine): number {
  return 2 * l.text.length + 32;
}

/** Members whose value is what people wrote or named. */
const texts = /"(data|text|alt|excerpt|preview|draft|dn|sender_dn|subject|note|name|forwarded)":"((?:[^"\\]|\\.)*)(?:"|$)/g;

/** A frame as a line; texts appear by their length alone. */
export function lineOf(frame: TraceFrame, showTexts: boolean): TraceLine {
  const text = showTexts ? frame.text : frame.text.replace(texts, (_, name: string, v: string) => `"${name}":"(${v.length})"`);
  const sign = frame.kind === "in" || frame.kind === "out" ? "" : `${frame.kind} `;
  return {
    time: frame.time, flag: "App", text: `${frame.connection} ${sign}${text}`,
    ...(frame.kind === "in" || frame.kind === "out" ? { out: frame.kind === "out" } : {}),
  };
}
