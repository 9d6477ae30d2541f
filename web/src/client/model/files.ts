// Files of messages. What was fetched is kept for a while, bounded; addresses end after
// an hour and with the line, so each file knows the message from which a new one comes.
import type { AttachedFile, Client } from "../../protocol/index.ts";
import type { Attachment } from "./types.ts";

const maxBytes = 64 << 20;
/** One file larger than this is handed over and not kept. */
const maxKept = 16 << 20;
const maxOrigins = 20_000;

export class Files {
  private readonly blobs = new Map<string, Blob>();
  private bytes = 0;
  private readonly fetching = new Map<string, Promise<Blob>>();
  /** Message of each file. */
  private readonly origins = new Map<string, number>();
  private closed = false;

  constructor(
    private readonly client: Client,
    /** A file that this page has in hand, by its object URL. */
    private readonly local: (url: string) => Blob | undefined,
  ) {}

  /** Remembers where a file comes from. */
  origin(file: AttachedFile, message: number | undefined): void {
    if (message !== undefined) {
      put(this.origins, pathOf(file.url), message, maxOrigins);
    }
  }

  async file(a: Pick<Attachment, "url">, progress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<Blob> {
    if (a.url.startsWith("blob:")) {
      const blob = this.local(a.url);
      if (blob === undefined) {
        throw Object.assign(new Error("The file is not on this device any more."), { kind: "api", code: "not-found" });
      }
      return blob;
    }
    const key = pathOf(a.url) + (isThumb(a.url) ? "?thumb" : "");
    const kept = this.blobs.get(key);
    if (kept !== undefined) {
      this.blobs.delete(key);
      this.blobs.set(key, kept); // the most recently used last
      return kept;
    }
    // Who can abort, or wants to see progress, gets a fetch of his own.
    const shared = progress === undefined && signal === undefined;
    const running = shared ? this.fetching.get(key) : undefined;
    if (running !== undefined) {
      return running;
    }
    const fetching = this.fetch(a.url, progress, signal).then((blob) => this.keep(key, blob));
    if (shared) {
      this.fetching.set(key, fetching);
      void fetching.finally(() => this.fetching.delete(key)).catch(() => undefined);
    }
    return fetching;
  }

  private fetch(url: string, progress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<Blob> {
    return this.client.files.download(url, {
      refresh: () => this.refresh(url),
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  private async refresh(url: string): Promise<string> {
    const path = pathOf(url);
    const message = this.origins.get(path);
    const files = message === undefined ? [] : await this.client.messages.attachments(message);
    const same = files.find((f) => pathOf(f.url) === path) ?? files.find((f) => pathOf(f.url).split("/").pop() === path.split("/").pop());
    if (same === undefined) {
      return url;
    }
    return isThumb(url) ? thumbOf(same.url) : same.url;
  }

  private keep(key: string, blob: Blob): Blob {
    if (blob.size <= maxKept && !this.blobs.has(key) && !this.closed) {
      this.blobs.set(key, blob);
      this.bytes += blob.size;
      for (const [old, b] of this.blobs) {
        if (this.bytes <= maxBytes) {
          break;
        }
        this.blobs.delete(old);
        this.bytes -= b.size;
      }
    }
    return blob;
  }

  close(): void {
    this.closed = true;
    this.blobs.clear();
  }
}

/** What stays the same of a file's address: the query is the right to read it. */
function pathOf(url: string): string {
  return (url.split(/[?#]/)[0] ?? "").replace(/^[a-z]+:\/\/[^/]*/i, "");
}

export function thumbOf(url: string): string {
  return url + (url.includes("?") ? "&" : "?") + "v=thumb";
}

function isThumb(url: string): boolean {
  return /[?&]v=thumb$/.test(url);
}

/** Sets in a map that forgets its oldest entries. */
export function put<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  for (const old of map.keys()) {
    if (map.size <= max) {
      break;
    }
    map.delete(old);
  }
}
