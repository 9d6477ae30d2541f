// Files: uploads, so many at a time, and downloads. The URLs that the service gives carry
// what opens them; nothing else authorises (docs/files.md).
import { lineError, ProtocolError } from "./errors.ts";
import type { ClientOptions, Files, Stop, Upload, UploadToken } from "./types.ts";
import { UploadJob, type UploadHost } from "./upload.ts";

const maxRunning = 3;

/** What files need of PbxMessages. */
export type Buffers = Pick<UploadHost, "createFileBuffer" | "deleteFileBuffer">;

export class FilesPart implements Files {
  private running = 0;
  private readonly queue: (() => void)[] = [];
  private readonly arrivals = new Set<() => void>();
  private up = false;

  constructor(
    private readonly buffers: Buffers,
    private readonly options: Pick<ClientOptions, "fetch" | "filesOrigin">,
  ) {}

  /** There is a session: uploads go on. */
  open(): void {
    this.up = true;
    for (const f of [...this.arrivals]) f();
  }

  lost(): void {
    this.up = false;
  }

  upload(file: Blob, name: string, resume?: UploadToken): Upload {
    return new UploadJob({
      fetch: this.fetch,
      address: (url) => this.address(url),
      createFileBuffer: (n) => this.buffers.createFileBuffer(n),
      deleteFileBuffer: (id) => this.buffers.deleteFileBuffer(id),
      ready: (signal) => this.ready(signal),
      turn: (signal) => this.turn(signal),
    }, file, name, resume);
  }

  private get fetch(): typeof fetch {
    return this.options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** A page may talk to its own host only; the service is behind every door of the switch. */
  private address(url: string): string {
    if (!this.options.filesOrigin) return url;
    const u = new URL(url);
    return this.options.filesOrigin + u.pathname + u.search;
  }

  private ready(signal: AbortSignal): Promise<void> {
    if (this.up) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (f: () => void): void => {
        this.arrivals.delete(come);
        signal.removeEventListener("abort", aborted);
        f();
      };
      const come = (): void => end(resolve);
      const aborted = (): void => end(() => reject(lineError("aborted", "It was given up.")));
      this.arrivals.add(come);
      signal.addEventListener("abort", aborted);
    });
  }

  /** One place of those that upload at a time, in the order in which they were asked for. */
  private turn(signal: AbortSignal): Promise<Stop> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", aborted);
        this.running++;
        let left = false;
        resolve(() => {
          if (left) return;
          left = true;
          this.running--;
          this.queue.shift()?.();
        });
      };
      const aborted = (): void => {
        const at = this.queue.indexOf(enter);
        if (at >= 0) this.queue.splice(at, 1);
        reject(lineError("aborted", "It was given up."));
      };
      if (this.running < maxRunning) return enter();
      this.queue.push(enter);
      signal.addEventListener("abort", aborted);
    });
  }

  // ------------------------------------------------------------ downloads

  async download(url: string, how: Parameters<Files["download"]>[1] = {}): Promise<Blob> {
    let r = await this.get(url, how.signal);
    if (r.status === 404 && how.refresh) r = await this.get(await how.refresh(), how.signal);
    if (!r.ok) throw downloadError(r.status);
    return read(r, how.progress ?? (() => undefined), how.signal);
  }

  private async get(url: string, signal: AbortSignal | undefined): Promise<Response> {
    try {
      return await this.fetch(this.address(url), { credentials: "omit", ...(signal && { signal }) });
    } catch {
      throw broken(signal);
    }
  }
}

async function read(r: Response, progress: (done: number, total: number) => void, signal?: AbortSignal): Promise<Blob> {
  const type = r.headers.get("Content-Type") ?? "application/octet-stream";
  const total = Number(r.headers.get("Content-Length") ?? 0);
  const chunks: BlobPart[] = [];
  let done = 0;
  const reader = r.body?.getReader();
  try {
    for (let c = await reader?.read(); c && !c.done; c = await reader?.read()) {
      chunks.push(c.value as Uint8Array<ArrayBuffer>);
      done += c.value.length;
      progress(done, Math.max(total, done));
    }
  } catch {
    throw broken(signal);
  }
  return new Blob(chunks, { type });
}

function broken(signal: AbortSignal | undefined): ProtocolError {
  if (signal?.aborted) return lineError("aborted", "The download was given up.");
  return new ProtocolError("file", "unreachable", "The file service cannot be reached.");
}

function downloadError(status: number): ProtocolError {
  if (status === 404) return new ProtocolError("file", "not-found", "The file is not there any more.", status);
  return new ProtocolError("file", "failed", `The file service answered ${status}.`, status);
}
