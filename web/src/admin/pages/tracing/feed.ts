// What the switch records, as it comes: server-sent events of /admin/v1/trace/tail.
import { signal } from "@preact/signals";
import { path } from "../../api.ts";

/** One frame, or that one was dropped (docs/tracing.md). */
export interface Line {
  readonly seq: number;
  readonly time: number;
  readonly flags: readonly string[];
  readonly out: boolean;
  readonly conn: string;
  /** Who is signed in on the connection; empty before the login. */
  readonly object: string;
  readonly domain: string;
  readonly call: string;
  /** Registration and number of the leg: phone/-1. */
  readonly leg: string;
  readonly dropped: string;
  /** The frame as it was sent, secrets masked. */
  readonly text: string;
  readonly api: string;
  /** setup, call_proc, im_message ...: the type of a signal message, else mt. */
  readonly type: string;
  /** What else there is to say in a few words. */
  readonly about: string;
}

const kept = 5000;
const sources = 3000;

/** Reads a line of JSON as the switch writes it; undefined if it is none. */
export function parseLine(data: string): Line | undefined {
  let r: Record<string, unknown>;
  try {
    r = JSON.parse(data) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof r !== "object" || r === null || typeof r["time"] !== "string") return undefined;
  const raw = r["frame"];
  const text = typeof raw === "string" ? raw : raw === undefined ? "" : JSON.stringify(raw);
  const flags = r["flags"];
  return {
    seq: Number(r["seq"] ?? 0),
    time: Date.parse(r["time"]),
    flags: Array.isArray(flags) ? flags.map(String) : typeof flags === "string" ? flags.split(",") : [],
    out: r["dir"] === "out",
    conn: word(r["conn"]),
    object: word(r["object"]),
    domain: word(r["domain"]),
    call: word(r["call"]),
    leg: r["reg"] === undefined && r["number"] === undefined ? "" : `${word(r["reg"])}/${word(r["number"])}`,
    dropped: word(r["dropped"]),
    text,
    ...describe(text),
  };
}

const word = (x: unknown): string => (typeof x === "string" || typeof x === "number" ? String(x) : "");

/** What a frame is, in the protocol's own words. */
export function describe(text: string): { api: string; type: string; about: string } {
  let f: Record<string, unknown>;
  try {
    f = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { api: "", type: "", about: text.slice(0, 200) }; // cut, or no JSON
  }
  if (typeof f !== "object" || f === null) return { api: "", type: "", about: text.slice(0, 200) };
  const api = word(f["api"]);
  const sig = f["sig"];
  if (typeof sig !== "object" || sig === null) return { api, type: word(f["mt"]), about: rest(f) };
  const s = sig as Record<string, unknown>;
  const facilities = Array.isArray(s["fty"]) ? s["fty"].map((x) => word((x as Record<string, unknown> | null)?.["type"])).filter(Boolean) : [];
  const cause = s["cau"] as { num?: unknown } | undefined;
  const to = s["cd"] as { sip?: unknown; num?: unknown } | undefined;
  const about = [
    `call ${word(f["call"])}`,
    to && `→ ${word(to.sip) || word(to.num)}`,
    facilities.join(", "),
    cause && `cause ${word(cause.num)}`,
  ];
  const type = word(s["type"]);
  return { api, type: type === "facility" && facilities[0] ? facilities[0] : type, about: about.filter(Boolean).join("  ") };
}

/** The members of a message that are short, in a line. */
function rest(f: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(f)) {
    if (name === "mt" || name === "api" || typeof value === "object") continue;
    parts.push(`${name} ${String(value).slice(0, 40)}`);
    if (parts.length === 5) break;
  }
  return parts.join("  ");
}

/** The frames that are kept here, newest last; older ones go. */
export class Feed {
  /** Grows with every change of `lines`. */
  readonly version = signal(0);
  /** Lines a second, over the last five. */
  readonly rate = signal(0);
  readonly state = signal<"connecting" | "up" | "down">("connecting");
  /** Frames that came too fast for this page. */
  readonly lost = signal(0);
  lines: Line[] = [];

  private source: EventSource | undefined;
  private last = 0;
  private counts = [0, 0, 0, 0, 0];
  private timer: ReturnType<typeof setInterval> | undefined;
  private drawn = false;

  start(): void {
    this.source = new EventSource(path(["trace", "tail"]));
    this.source.onopen = () => (this.state.value = "up");
    // The browser connects again by itself and says behind which event to go on.
    this.source.onerror = () => (this.state.value = this.source?.readyState === EventSource.CLOSED ? "down" : "connecting");
    this.source.addEventListener("record", (e) => this.add((e as MessageEvent<string>).data));
    this.source.addEventListener("lost", (e) => (this.lost.value += Number((e as MessageEvent<string>).data) || 1));
    this.timer = setInterval(() => {
      this.rate.value = Math.round(this.counts.reduce((a, b) => a + b, 0) / this.counts.length);
      this.counts = [0, ...this.counts.slice(0, -1)];
    }, 1000);
  }

  stop(): void {
    this.source?.close();
    clearInterval(this.timer);
  }

  clear(): void {
    this.lines = [];
    this.version.value++;
  }

  private add(data: string): void {
    const line = parseLine(data);
    if (!line || (line.seq > 0 && line.seq <= this.last)) return;
    this.last = line.seq;
    this.counts[0] = (this.counts[0] ?? 0) + 1;
    this.lines.push(line);
    if (this.lines.length > kept) this.lines = this.lines.slice(-sources);
    if (this.drawn) return;
    this.drawn = true; // a thousand lines at once are drawn once
    requestAnimationFrame(() => {
      this.drawn = false;
      this.version.value++;
    });
  }
}
