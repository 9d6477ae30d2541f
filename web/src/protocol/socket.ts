// The connection: frames in and out, requests and their answers, liveness, and coming
// back after a loss. It knows of logins only that one has to happen before it is up.
import { type Frame, obj } from "./decode.ts";
import { Emitter, guarded } from "./emitter.ts";
import { lineError } from "./errors.ts";
import { mask } from "./mask.ts";
import { hex } from "./names.ts";
import { Requests, type Ask } from "./requests.ts";
import type { DownReason, Fault, Line, SocketLike, Stop, Time, TraceFrame } from "./types.ts";

/** Limits and times. docs/limits.md has those of the switch. */
export const limits = {
  /** Bytes of a message after (before) the login; the switch closes with 1009 above. */
  message: 65_535,
  messageBefore: 4_096,
  /** Characters of a message that is read; ours has at most 65535 bytes. */
  received: 262_144,
  /** Without a frame for so long a KeepAlive is sent; without an answer for so long the line is dead. */
  idle: 30_000,
  answer: 10_000,
  /** For a connection to open. */
  open: 15_000,
  /** Pauses between attempts: the first, doubling up to the last (1.7). */
  firstPause: 500,
  lastPause: 32_000,
  /** A line that was up for so long is a good one: the pauses begin anew. */
  good: 10_000,
  /** KeepAlives and frames that mean nothing are counted by reason; so many reasons at most. */
  reasons: 64,
} as const;

export interface SocketOptions {
  readonly url: string;
  readonly socket?: (url: string) => SocketLike;
  readonly now?: () => Time;
  readonly random?: () => number;
}

interface SocketEvents {
  line: Line;
  trace: TraceFrame;
  fault: Fault;
  /** The websocket is open: log in, then call ready(). */
  open: { readonly connection: string };
  /** A message that answers no request, by its api ("" for none). */
  frame: { readonly frame: Frame; readonly raw: string };
}

/** Sizes in bytes of UTF-8, which is what the switch counts. */
const utf8 = new TextEncoder();

export class Socket {
  private readonly events = new Emitter<SocketEvents>();
  private readonly requests: Requests;
  private readonly counts = new Map<string, number>();
  private readonly now: () => Time;
  private readonly random: () => number;
  private url: string;
  private ws: SocketLike | undefined;
  private state: Line;
  private wanted = false;
  private online = true;
  private attempts = 0;
  /** Since when there is no line, through all attempts. */
  private downSince: Time | undefined;
  private pause: number = limits.firstPause;
  private retry: Timer;
  private watchdog: Timer;

  constructor(private readonly options: SocketOptions) {
    this.url = options.url;
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
    this.requests = new Requests((frame) => this.send(frame), (reason) => this.fault(reason));
    this.state = { state: "down", since: this.now(), reason: "stopped" };
  }

  get line(): Line {
    return this.state;
  }

  /** Frames that meant nothing, by reason. */
  get faults(): ReadonlyMap<string, number> {
    return this.counts;
  }

  on<K extends keyof SocketEvents>(event: K, f: (value: SocketEvents[K]) => void): Stop {
    return this.events.on(event, f);
  }

  /** Connects, and again whenever the line is lost, until close(). */
  open(): void {
    if (!this.wanted) this.downSince = undefined;
    this.wanted = true;
    if (this.state.state !== "down" || this.retry !== undefined) return;
    if (this.online) this.attempt();
    else this.plan("offline");
  }

  /** Ends the line; nothing is tried until open(). */
  close(reason: DownReason = "stopped"): void {
    this.wanted = false;
    const { state } = this;
    if (state.state === "down" && state.reason === reason && state.next === undefined) return;
    this.dropped(reason);
  }

  /** Gives this connection up; another is tried after a pause. */
  abandon(reason: DownReason): void {
    if (this.ws) this.dropped(reason);
  }

  /** Tries now instead of later; of a line that seems to be up it asks whether it is. */
  retryNow(): void {
    if (this.state.state === "up") this.probe();
    if (!this.wanted || this.state.state !== "down") return;
    this.pause = limits.firstPause;
    this.attempt();
  }

  /** A hint of the browser. Without network nothing is tried; with it at once. */
  setOnline(online: boolean): void {
    if (online === this.online) return;
    this.online = online;
    if (online) this.retryNow();
    else if (this.state.state === "down") this.plan(this.state.reason === "stopped" ? "stopped" : "offline");
    else this.probe();
  }

  /** The next connections go there (Redirect). */
  redirect(url: string): void {
    this.url = url;
  }

  /** The login has succeeded: the line is up. */
  ready(): void {
    if (this.state.state !== "connecting") return;
    this.become({ state: "up", since: this.now(), connection: this.state.connection });
  }

  /** Sends a frame if there is a connection. False: nothing was sent. Throws what is too long. */
  send(frame: object): boolean {
    if (!this.ws || this.state.state === "down") return false;
    const raw = JSON.stringify(frame);
    const limit = this.state.state === "up" ? limits.message : limits.messageBefore;
    if (raw.length > limit || (raw.length > limit / 3 && utf8.encode(raw).length > limit)) {
      throw lineError("too-long", "The message is too long.");
    }
    try {
      this.ws.send(raw);
    } catch {
      return false; // it is closing: its close event will say so
    }
    this.trace("out", raw);
    return true;
  }

  /** Asks, and waits for the answer with the same src. See Ask. */
  request(frame: Frame, ask?: Ask): Promise<Frame> {
    return this.requests.ask(frame, ask);
  }

  /** Counts something that should not have come. */
  fault(reason: string): void {
    const known = this.counts.has(reason) || this.counts.size < limits.reasons ? reason : "other";
    const count = (this.counts.get(known) ?? 0) + 1;
    this.counts.set(known, count);
    this.events.emit("fault", { reason: known, count });
    this.trace("fault", known);
  }

  // ------------------------------------------------------------ the websocket

  private attempt(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    const connection = hex(crypto.getRandomValues(new Uint8Array(4)));
    this.attempts++;
    this.become({ state: "connecting", since: this.now(), attempt: this.attempts, connection });
    let ws: SocketLike;
    try {
      ws = (this.options.socket ?? ((url) => new WebSocket(url)))(this.url);
    } catch {
      this.dropped("unreachable"); // an address that is none, or that the page may not use
      return;
    }
    this.ws = ws;
    let opened = false;
    this.watch(limits.open, () => this.dropped("unreachable"));
    const mine = (f: () => void) => (): void => {
      if (this.ws === ws) f();
    };
    ws.onopen = mine(() => {
      opened = true;
      this.trace("open", this.url);
      this.alive();
      this.events.emit("open", { connection });
    });
    ws.onmessage = (e: { readonly data: unknown }) => {
      if (this.ws === ws) this.received(e.data);
    };
    ws.onclose = (e: { readonly code?: number; readonly reason?: string }) => {
      if (this.ws === ws) this.closed(opened, e.code ?? 1006, e.reason ?? "");
    };
    ws.onerror = () => undefined; // a close follows
  }

  private received(data: unknown): void {
    this.alive();
    if (typeof data !== "string") return this.fault("binary");
    if (data.length > limits.received) return this.fault("too-long");
    this.trace("in", data);
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      return this.fault("no-json");
    }
    const frame = obj(value);
    if (typeof frame?.["mt"] !== "string") return this.fault("no-message");
    if (frame["mt"] === "KeepAlive") return;
    guarded(() => {
      if (!this.requests.take(frame as Frame)) this.events.emit("frame", { frame: frame as Frame, raw: data });
    });
  }

  private closed(opened: boolean, code: number, text: string): void {
    const reason: DownReason = !opened ? "unreachable" : code === 1001 ? "shutdown" : code === 1006 || code === 1005 ? "lost" : "closed";
    this.dropped(reason, code, text);
  }

  /** The connection is gone, or is to be: everything that waited on it ends. */
  private dropped(reason: DownReason, code?: number, text?: string): void {
    const ws = this.ws;
    const before = this.state;
    this.ws = undefined;
    this.unwatch();
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = null;
      this.trace("close", [reason, code, text].filter(Boolean).join(" "));
      try {
        ws.close(1000);
      } catch {
        // it was closed already
      }
    }
    if (before.state === "up" && this.now() - before.since >= limits.good) this.pause = limits.firstPause;
    this.plan(reason, code, text);
    this.requests.lost();
  }

  /** Says that the line is down and when it is tried again: never in step with all others. */
  private plan(reason: DownReason, code?: number, text?: string): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    const since = (this.downSince ??= this.now());
    const { connection } = this.state;
    const down = { state: "down", since, reason, ...(code !== undefined && { code }), ...(text && { text }), ...(connection && { connection }) } as const;
    if (!this.wanted) return this.become(down);
    if (!this.online) return this.become({ ...down, reason: "offline" });
    const wait = Math.round(this.pause * (0.5 + this.random()));
    this.pause = Math.min(this.pause * 2, limits.lastPause);
    this.retry = setTimeout(() => this.attempt(), wait);
    this.become({ ...down, next: this.now() + wait });
  }

  private become(line: Line): void {
    if (line.state === "up") {
      this.attempts = 0;
      this.downSince = undefined;
    }
    this.state = line;
    this.events.emit("line", line);
  }

  // ------------------------------------------------------------ liveness (1.6)

  /** Something has come: it lives. Pings of the switch are not seen here, so silence is asked about. */
  private alive(): void {
    this.watch(limits.idle, () => this.probe());
  }

  private probe(): void {
    if (!this.send({ mt: "KeepAlive" })) return;
    this.watch(limits.answer, () => this.dropped("silent"));
  }

  private watch(after: number, f: () => void): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(f, after);
  }

  private unwatch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = undefined;
  }

  private trace(kind: TraceFrame["kind"], text: string): void {
    if (!this.events.heard("trace")) return;
    const shown = kind === "in" || kind === "out" ? mask(text) : text;
    this.events.emit("trace", { time: this.now(), connection: this.state.connection ?? "", kind, text: shown });
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
