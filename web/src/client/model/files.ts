// Files of messages. What was fetched is kept for a while, bounded; addresses end after
// an hour and with the line, so each file knows the message from which a new one comes.
import type { AttachedFile, Client } from "../../protocol/index.ts";
import type { Attachment } from "./types.ts";

const maxBytes = 64 << 20;
/** One file larger than this is handed over and not kept. */
const maxKept = 16 << 20;
const maxThumbs = 400;
const maxOrigins = 20_000;
const parallelThumbs = 4;

export class Files {
  private readonly blobs = new Map<string, Blob>();
  private bytes = 0;
  private readonly fetching = new Map<string, Promise<Blob>>();
  /** Message of each file. */
  private readonly origins = new Map<string, number>();
  private readonly thumbs = new Map<string, { url?: string; failed?: number }>();
  private readonly queue: { key: string; url: string; told: () => void }[] = [];
  private active = 0;
  private closed = false;

  constructor(
    private readonly client: Client,
    private readonly urls: { objectURL(b: Blob): string; revokeURL(u: string): void },
  ) {}

  /** Remembers where a file comes from. */
  origin(file: AttachedFile, message: number | undefined): void {
    if (message !== undefined) {
      put(this.origins, pathOf(file.url), message, maxOrigins);
    }
  }

  async file(a: Pick<Attachment, "url">, progress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<Blob> {
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

  /** Object URL of a file's small picture; `told` is called when it has come. */
  thumb(file: AttachedFile, told: () => void): string | undefined {
    if (!file.thumb) {
      return undefined;
    }
    const key = pathOf(file.url);
    const known = this.thumbs.get(key);
    if (known === undefined || (known.failed !== undefined && known.failed < Date.now() - 30_000)) {
      this.dropThumbs();
      this.thumbs.set(key, {});
      this.queue.push({ key, url: thumbOf(file.url), told });
      this.next();
    }
    return known?.url;
  }

  private next(): void {
    while (this.active < parallelThumbs && this.queue.length > 0 && !this.closed) {
      const job = this.queue.pop(); // the newest first: it is what one sees
      if (job !== undefined) {
        this.active++;
        void this.load(job).finally(() => {
          this.active--;
          this.next();
        });
      }
    }
  }

  private async load(job: { key: string; url: string; told: () => void }): Promise<void> {
    try {
      const blob = await this.fetch(job.url);
      // Only what a picture can be: a page that somebody uploaded is never given an address here.
      if (!this.closed && /^image\/(png|jpeg|gif|webp)\b/.test(blob.type)) {
        this.thumbs.set(job.key, { url: this.urls.objectURL(blob) });
        job.told();
      }
    } catch {
      this.thumbs.set(job.key, { failed: Date.now() });
    }
  }

  private dropThumbs(): void {
    for (const [key, t] of this.thumbs) {
      if (this.thumbs.size < maxThumbs) {
        break;
      }
      this.thumbs.delete(key);
      if (t.url !== undefined) {
        this.urls.revokeURL(t.url);
      }
    }
  }

  close(): void {
    this.closed = true;
    this.thumbs.forEach((t) => t.url !== undefined && this.urls.revokeURL(t.url));
    this.thumbs.clear();
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
