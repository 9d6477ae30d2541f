// Files of waiting messages on their way up. The tab that leads runs them through
// protocol/files (three at a time there); the others show the progress that it tells.
// What an upload needs to go on after a reload (the token) is in the store.
import type { Client, Upload as Transfer, UploadState } from "../../protocol/index.ts";
import type { Store, StoredFile, StoredItem } from "./store.ts";
import type { TabMessage } from "./tabs.ts";
import type { Upload } from "./types.ts";
import { failureOf, type Sentence, type Words } from "./words.ts";

export interface UploadDeps {
  readonly client: Client;
  readonly words: Words;
  objectURL(b: Blob): string;
  revokeURL(u: string): void;
  save(key: string, file: StoredFile): Promise<void>;
  tell(m: TabMessage): void;
  changed(key: string): void;
  /** Views of the chat are made anew. */
  chatChanged(chat: string): void;
  finished(): void;
}

interface Progress {
  readonly done: number;
  readonly speed: number;
  readonly running: boolean;
}

/** One file of one message. */
const idOf = (key: string, file: string): string => `${key} ${file}`;
const tellEvery = 250;
/** By then the server's own small picture has come. */
const previewTime = 10 * 60_000;

export class Uploads {
  private readonly running = new Map<string, Transfer>();
  private readonly starting = new Set<string>();
  private readonly progress = new Map<string, Progress>();
  private readonly told = new Map<string, number>();
  private readonly blobs = new Map<string, Blob>();
  private readonly previews = new Map<string, { readonly url: string; readonly blob: Blob }>();
  /** Pictures by their name: what the store tells of a message has no key of ours. */
  private readonly byName = new Map<string, string>();
  private closed = false;

  constructor(
    private readonly store: Store,
    private readonly deps: UploadDeps,
  ) {}

  /** Files that this page has in hand: nothing to read back, and pictures show at once. */
  own(item: StoredItem, blobs: ReadonlyMap<string, Blob>): void {
    for (const f of item.files) {
      const blob = blobs.get(f.key);
      if (blob !== undefined) {
        this.blobs.set(idOf(item.key, f.key), blob);
        this.preview(idOf(item.key, f.key), blob);
        if (this.previews.has(idOf(item.key, f.key))) {
          this.byName.set(idOf(item.key, f.name), idOf(item.key, f.key));
        }
      }
    }
  }

  private preview(id: string, blob: Blob): void {
    if (/^image\/(png|jpeg|gif|webp|avif)$/.test(blob.type) && !this.previews.has(id)) {
      this.previews.set(id, { url: this.deps.objectURL(blob), blob });
    }
  }

  /** Starts what of a message is not up yet. */
  start(item: StoredItem): void {
    for (const f of item.files) {
      const id = idOf(item.key, f.key);
      if (f.url === undefined && f.error === undefined && f.paused !== true && !this.running.has(id) && !this.starting.has(id)) {
        this.starting.add(id);
        void this.run(item, f, id).finally(() => this.starting.delete(id));
      }
    }
  }

  private async run(item: StoredItem, file: StoredFile, id: string): Promise<void> {
    const store = this.deps.client.messages.store.state;
    if (store === "off") {
      return this.failed(item, file, "send.nofiles");
    }
    if (store !== "on") {
      return; // the pump comes again when the store is there
    }
    const blob = this.blobs.get(id) ?? (await this.store.blob(item.key, file.key).catch(() => undefined));
    if (this.closed) {
      return;
    }
    if (blob === undefined) {
      return this.failed(item, file, "upload.gone");
    }
    const transfer = this.deps.client.files.upload(blob, file.name, file.token);
    this.running.set(id, transfer);
    this.starting.delete(id); // from here on release() may take it away, and start() begin again
    transfer.onState((s) => this.state(item.key, file.key, id, s));
    transfer.onToken((token) => void this.deps.save(item.key, { ...file, token }));
    try {
      const url = await transfer.done;
      if (this.running.get(id) !== transfer) {
        return; // taken away: another one goes on
      }
      this.running.delete(id);
      await this.deps.save(item.key, { ...file, url });
      this.deps.finished();
    } catch (e) {
      if (this.running.get(id) !== transfer) {
        return;
      }
      this.running.delete(id);
      await this.broken(item, file, transfer, e);
    }
  }

  private async broken(item: StoredItem, file: StoredFile, transfer: Transfer, e: unknown): Promise<void> {
    const { kind, code, number } = failureOf(e);
    if (this.closed || transfer.state.state === "cancelled" || kind === "line") {
      return; // given up, or to be tried again when the line is back
    }
    const key: Sentence = number === 413 || code === "too-large" ? "upload.size" : number === 507 || code === "limit" || code === "quota" ? "upload.quota" : "upload.failed";
    await this.failed(item, file, key);
  }

  private failed(item: StoredItem, file: StoredFile, key: Sentence): Promise<void> {
    return this.deps.save(item.key, { ...file, error: this.deps.words(key) });
  }

  private state(key: string, file: string, id: string, s: UploadState): void {
    const p = { done: s.done, speed: s.speed, running: s.state === "running" };
    this.progress.set(id, p);
    const now = Date.now();
    if (now - (this.told.get(id) ?? 0) >= tellEvery || s.state !== "running") {
      this.told.set(id, now);
      this.deps.tell({ t: "progress", key, file, ...p });
      this.deps.changed(key);
    }
  }

  heard(m: TabMessage & { readonly t: "progress" }): void {
    this.progress.set(idOf(m.key, m.file), { done: m.done, speed: m.speed, running: m.running });
    this.deps.changed(m.key);
  }

  /** Another tab has changed the item: what it paused or took out stops here too. */
  follow(item: StoredItem): void {
    for (const id of [...this.running.keys()]) {
      const [key, file] = id.split(" ");
      const f = item.files.find((x) => x.key === file);
      if (key === item.key && file !== undefined && f === undefined) {
        this.cancel(key, file);
      } else if (key === item.key && file !== undefined) {
        this.pause(key, file, f?.paused === true);
      }
    }
  }

  pause(key: string, file: string, paused: boolean): void {
    const transfer = this.running.get(idOf(key, file));
    if (paused) {
      transfer?.pause();
    } else {
      transfer?.resume();
    }
  }

  /** Ends uploads of a message, or one of them, and forgets the files here. */
  cancel(key: string, file?: string, keepAtServer = false): void {
    for (const id of this.ids(key, file)) {
      const transfer = this.running.get(id);
      this.running.delete(id);
      if (!keepAtServer) {
        transfer?.cancel();
      }
      this.forget(id);
    }
  }

  /** The message has gone: its files are the server's now. Previews stay a moment, until it shows its own. */
  finish(item: StoredItem): void {
    for (const id of this.ids(item.key)) {
      this.blobs.delete(id);
      this.progress.delete(id);
      this.told.delete(id);
    }
    if (item.files.some((f) => this.previews.has(idOf(item.key, f.key)))) {
      this.timers.add(setTimeout(() => this.forgetPreviews(item), previewTime));
    }
  }

  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  private forgetPreviews(item: StoredItem): void {
    item.files.forEach((f) => this.byName.delete(idOf(item.key, f.name)));
    this.deps.chatChanged(item.chat);
    this.ids(item.key).forEach((id) => this.forget(id));
  }

  private ids(key: string, file?: string): string[] {
    const all = new Set([...this.running.keys(), ...this.blobs.keys(), ...this.progress.keys(), ...this.previews.keys()]);
    return [...all].filter((id) => (file === undefined ? id.startsWith(`${key} `) : id === idOf(key, file)));
  }

  private forget(id: string): void {
    this.blobs.delete(id);
    this.progress.delete(id);
    this.told.delete(id);
    const preview = this.previews.get(id);
    if (preview !== undefined) {
      this.previews.delete(id);
      this.deps.revokeURL(preview.url);
    }
  }

  /** What lies behind an object URL of this page. */
  blobAt(url: string): Blob | undefined {
    return [...this.previews.values()].find((p) => p.url === url)?.blob;
  }

  /** The picture of a file as this page has it; shown until the server's is there. */
  previewNamed(key: string, name: string): string | undefined {
    return this.previews.get(this.byName.get(idOf(key, name)) ?? "")?.url;
  }

  view(item: StoredItem, f: StoredFile): Upload {
    const id = idOf(item.key, f.key);
    const p = this.progress.get(id);
    const state = f.url !== undefined ? "done" : f.error !== undefined ? "failed" : f.paused === true ? "paused" : p?.running === true ? "running" : "waiting";
    const preview = this.previews.get(id)?.url;
    return {
      key: f.key, name: f.name, type: f.type, size: f.size, state, done: f.url !== undefined ? f.size : Math.min(p?.done ?? 0, f.size),
      ...(f.error === undefined ? {} : { error: f.error }),
      ...(state === "running" && p !== undefined ? { speed: p.speed } : {}),
      ...(preview === undefined ? {} : { preview }),
    };
  }

  /** Stops all transfers; the store keeps the tokens, and whoever leads next goes on where these end. */
  release(): void {
    this.running.forEach((t) => t.pause());
    this.running.clear();
  }

  close(): void {
    this.closed = true;
    this.release();
    this.timers.forEach(clearTimeout);
    [...this.previews.keys()].forEach((id) => this.forget(id));
  }
}
