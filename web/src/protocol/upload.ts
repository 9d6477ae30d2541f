// One file on its way to a file buffer: tus 1.0.0 over fetch, in pieces (docs/files.md).
// The buffer's URL is the upload; what the server has acknowledged stays.
import { Emitter } from "./emitter.ts";
import { lineError, ProtocolError } from "./errors.ts";
import type { Stop, Upload, UploadState, UploadToken } from "./types.ts";

/** What an upload needs from around it. */
export interface UploadHost {
  readonly fetch: typeof fetch;
  /** Where a URL of the service is fetched from. */
  address(url: string): string;
  createFileBuffer(name: string): Promise<{ readonly id: number; readonly url: string }>;
  deleteFileBuffer(id: number): Promise<void>;
  /** Resolves when there is a session, at once if there is one. */
  ready(signal: AbortSignal): Promise<void>;
  /** Resolves when the upload may use the network; returns who gives that up. */
  turn(signal: AbortSignal): Promise<Stop>;
}

/** Pieces take about half a second: progress is seen, and little is sent twice. */
const firstPiece = 256 << 10;
const leastPiece = 64 << 10;
const mostPiece = 8 << 20;
const pieceTime = 500;
/** Failures without progress, and buffers that the server gave up, before the upload fails. */
const maxFailures = 8;
const maxBuffers = 3;
const firstPause = 1_000;
const lastPause = 20_000;

interface UploadEvents {
  state: UploadState;
  token: UploadToken;
}

/** A status that ends the upload. */
const fatal: ReadonlyMap<number, readonly [code: string, message: string]> = new Map([
  [403, ["not-allowed", "The server does not take this file."]],
  [413, ["too-large", "The file is too large."]],
  [507, ["quota", "There is no room for the file."]],
]);

export class UploadJob implements Upload {
  state: UploadState;
  token: UploadToken | undefined;
  readonly done: Promise<string>;

  private readonly events = new Emitter<UploadEvents>();
  private readonly gone = new AbortController();
  private running: AbortController | undefined;
  private piece = firstPiece;
  private failures = 0;
  private buffers = 0;
  private wake: (() => void) | undefined;
  private settle: (url: string | undefined, e?: ProtocolError) => void = () => undefined;

  constructor(
    private readonly host: UploadHost,
    private readonly file: Blob,
    private readonly name: string,
    resume?: UploadToken,
  ) {
    this.token = resume && resume.size === file.size ? resume : undefined;
    this.state = { state: "waiting", done: 0, total: file.size, speed: 0 };
    this.done = new Promise((resolve, reject) => {
      this.settle = (url, e) => (url === undefined ? reject(e) : resolve(url));
    });
    this.done.catch(() => undefined); // whoever waits sees it; nobody has to
    void this.run();
  }

  onState(f: (s: UploadState) => void): Stop {
    return this.events.on("state", f);
  }

  onToken(f: (t: UploadToken) => void): Stop {
    return this.events.on("token", f);
  }

  pause(): void {
    if (this.state.state !== "running" && this.state.state !== "waiting") return;
    this.become({ state: "paused", speed: 0 });
    this.running?.abort();
  }

  resume(): void {
    if (this.state.state !== "paused") return;
    this.failures = 0;
    this.become({ state: "waiting" });
    this.wake?.();
  }

  cancel(): void {
    if (this.state.state === "done" || this.state.state === "failed" || this.state.state === "cancelled") return;
    this.become({ state: "cancelled", speed: 0 });
    this.gone.abort();
    this.running?.abort();
    this.wake?.();
    this.settle(undefined, lineError("aborted", "The upload was cancelled."));
    if (this.token) this.host.deleteFileBuffer(this.token.id).catch(() => undefined); // it ends by itself
  }

  private become(s: Partial<UploadState>): void {
    this.state = { ...this.state, ...s };
    this.events.emit("state", this.state);
  }

  // ------------------------------------------------------------ the work

  private async run(): Promise<void> {
    while (!this.gone.signal.aborted) {
      if (this.state.state === "paused") {
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      const running = (this.running = new AbortController());
      try {
        const url = await this.attempt(running.signal);
        this.become({ state: "done", done: this.file.size, speed: 0 });
        return this.settle(url);
      } catch (e) {
        if (running.signal.aborted) continue; // paused, or cancelled
        if (!(await this.survive(e))) return;
      }
    }
  }

  /** True: try again. */
  private async survive(e: unknown): Promise<boolean> {
    if (e instanceof ProtocolError && e.kind !== "line" && e.code !== "again" && e.code !== "no-session") return this.fail(e);
    if (++this.failures > maxFailures) {
      return this.fail(e instanceof ProtocolError ? e : new ProtocolError("file", "unreachable", "The file service cannot be reached."));
    }
    this.become({ state: "waiting", speed: 0 });
    const running = (this.running = new AbortController());
    await sleep(Math.min(firstPause * 2 ** (this.failures - 1), lastPause), running.signal);
    return true;
  }

  private fail(e: ProtocolError): false {
    this.become({ state: "failed", speed: 0, error: e });
    this.settle(undefined, e);
    return false;
  }

  /** Goes as far as it can. */
  private async attempt(signal: AbortSignal): Promise<string> {
    await this.host.ready(signal);
    const leave = await this.host.turn(signal);
    try {
      this.become({ state: "running" });
      let at = await this.begin(signal);
      this.become({ done: at });
      while (at < this.file.size) at = await this.send(at, signal);
      return this.need().url;
    } finally {
      leave();
    }
  }

  private need(): UploadToken {
    if (!this.token) throw again("The server has given the upload up.");
    return this.token;
  }

  /** Where to go on: asks the server, or begins. */
  private async begin(signal: AbortSignal): Promise<number> {
    if (this.token) {
      const r = await this.call("HEAD", {}, signal);
      const at = offsetOf(r);
      if (r.ok && at !== undefined && at <= this.file.size) return at;
      if (!r.ok && r.status !== 404) throw this.trouble(r);
    } else {
      await this.newBuffer();
    }
    const r = await this.call("POST", { "Upload-Length": String(this.file.size) }, signal);
    if (r.status === 404) this.token = undefined; // that buffer has ended: the next attempt makes another
    if (r.status !== 201) throw this.trouble(r);
    return 0;
  }

  private async newBuffer(): Promise<void> {
    if (++this.buffers > maxBuffers) throw new ProtocolError("file", "not-found", "The server gives the upload up again and again.");
    const { id, url } = await this.host.createFileBuffer(this.name);
    this.token = { id, url, name: this.name, size: this.file.size };
    this.events.emit("token", this.token);
  }

  private async send(at: number, signal: AbortSignal): Promise<number> {
    const piece = this.file.slice(at, at + this.piece);
    const began = performance.now();
    const headers = { "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" };
    const r = await this.call("PATCH", headers, signal, piece);
    const next = offsetOf(r);
    if (r.status !== 204 || next === undefined || next <= at || next > this.file.size) throw this.trouble(r);
    const took = Math.max(performance.now() - began, 1);
    if (took < pieceTime / 2) this.piece = Math.min(this.piece * 2, mostPiece);
    else if (took > pieceTime * 2) this.piece = Math.max(this.piece >> 1, leastPiece);
    this.failures = 0;
    const speed = ((next - at) / took) * 1000;
    this.become({ done: next, speed: Math.round(this.state.speed ? this.state.speed * 0.7 + speed * 0.3 : speed) });
    return next;
  }

  private call(method: string, headers: Record<string, string>, signal: AbortSignal, body?: Blob): Promise<Response> {
    const url = this.host.address(this.need().url);
    return this.host.fetch(url, { method, signal, headers: { "Tus-Resumable": "1.0.0", ...headers }, credentials: "omit", ...(body && { body }) });
  }

  private trouble(r: Response): ProtocolError {
    const known = fatal.get(r.status);
    if (known) return new ProtocolError("file", known[0], known[1], r.status);
    if (r.status === 404) this.token = undefined;
    return again(`The file service answered ${r.status}.`, r.status);
  }
}

/** What another attempt may mend. */
function again(message: string, status?: number): ProtocolError {
  return new ProtocolError("file", "again", message, status);
}

function offsetOf(r: Response): number | undefined {
  const v = r.headers.get("Upload-Offset");
  return v !== null && /^[0-9]{1,15}$/.test(v) ? Number(v) : undefined;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
