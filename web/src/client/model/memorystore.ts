// The store where a browser keeps nothing: a memory of this page.
import type { Store, StoredDraft, StoredItem, StoredRow } from "./store.ts";

/** Of this page alone; each tab then sends what it has. */
export class MemoryStore implements Store {
  readonly durable = false;
  private seq = 0;
  private readonly outbox = new Map<string, StoredItem>();
  private readonly files = new Map<string, Blob>();
  private readonly draftMap = new Map<string, StoredDraft>();

  items(): Promise<StoredItem[]> {
    return Promise.resolve([...this.outbox.values()]);
  }

  item(key: string): Promise<StoredItem | undefined> {
    return Promise.resolve(this.outbox.get(key));
  }

  add(item: Omit<StoredItem, "seq">, blobs: ReadonlyMap<string, Blob>): Promise<number> {
    this.outbox.set(item.key, { ...item, seq: ++this.seq });
    for (const [file, blob] of blobs) {
      this.files.set(`${item.key} ${file}`, blob);
    }
    return Promise.resolve(this.seq);
  }

  update(key: string, f: (item: StoredItem) => StoredItem | undefined): Promise<StoredItem | undefined> {
    const item = this.outbox.get(key);
    const next = item && f(item);
    if (next !== undefined) {
      this.outbox.set(key, next);
    }
    return Promise.resolve(next ?? item);
  }

  remove(key: string): Promise<boolean> {
    for (const f of this.outbox.get(key)?.files ?? []) {
      this.files.delete(`${key} ${f.key}`);
    }
    return Promise.resolve(this.outbox.delete(key));
  }

  blob(key: string, file: string): Promise<Blob | undefined> {
    return Promise.resolve(this.files.get(`${key} ${file}`));
  }

  drafts(): Promise<StoredDraft[]> {
    return Promise.resolve([...this.draftMap.values()]);
  }

  setDraft(draft: StoredDraft): Promise<void> {
    this.draftMap.set(draft.chat, draft);
    return Promise.resolve();
  }

  rows(): Promise<StoredRow[]> {
    return Promise.resolve([]);
  }

  setRows(): Promise<void> {
    return Promise.resolve();
  }

  part(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  setPart(): Promise<void> {
    return Promise.resolve();
  }

  updatePart(): Promise<void> {
    return Promise.resolve();
  }

  prune(): Promise<void> {
    return Promise.resolve();
  }

  lease(): Promise<boolean> {
    return Promise.resolve(true);
  }

  unlease(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    this.outbox.clear();
    this.files.clear();
    this.draftMap.clear();
    return Promise.resolve();
  }

  close(): void {}
}
