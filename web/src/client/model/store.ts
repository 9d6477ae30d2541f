// What this browser keeps of one person: messages that wait, their files, drafts, the
// chat list of last time, and which tab sends. IndexedDB through idb; where a browser
// allows none, a memory of this page stands in and `durable` says so.
import { wrap, type DBSchema, type IDBPDatabase } from "idb";
import type { UploadToken } from "../../protocol/index.ts";
import type { NumberedEntry } from "./history.ts";
import { MemoryStore } from "./memorystore.ts";

export interface StoredFile {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly duration?: number;
  readonly wave?: readonly number[];
  readonly token?: UploadToken;
  /** The server has it all: the address for the text. */
  readonly url?: string;
  /** It is a file of another message: nothing of it is here. */
  readonly passedOn?: true;
  readonly paused?: boolean;
  readonly error?: string;
}

/** A message on its way. Plain data: it is cloned into the database and to other tabs. */
export interface StoredItem {
  readonly seq: number;
  /** The sender's own id: with it the switch delivers only once. */
  readonly key: string;
  readonly chat: string;
  readonly html: string;
  readonly time: number;
  readonly reply?: number;
  readonly mentions?: readonly string[];
  readonly forwarded?: string;
  readonly files: readonly StoredFile[];
  readonly state: "waiting" | "failed";
  readonly error?: string;
  /** How often the switch has refused it for a reason that passes. */
  readonly attempts: number;
}

export interface StoredDraft {
  readonly chat: string;
  readonly html: string;
  readonly time: number;
  /** The server does not know it yet. */
  readonly dirty: boolean;
}

/** The list of last time, shown until the server has told the present one. */
export interface StoredRow {
  readonly name: string;
  readonly title: string;
  readonly group: boolean;
  readonly time: number;
  readonly unread: number;
  readonly text: string;
  readonly author: string;
}

/** The newest part of a chat that was open here, to be read without a line. */
export interface StoredPart {
  readonly chat: string;
  /** When it was true for the last time. */
  readonly time: number;
  readonly entries: readonly NumberedEntry[];
}

export interface Store {
  readonly durable: boolean;
  items(): Promise<StoredItem[]>;
  item(key: string): Promise<StoredItem | undefined>;
  /** Adds behind all others; resolves with its place. */
  add(item: Omit<StoredItem, "seq">, blobs: ReadonlyMap<string, Blob>): Promise<number>;
  /** Changes in one transaction; undefined from `f` leaves it. */
  update(key: string, f: (item: StoredItem) => StoredItem | undefined): Promise<StoredItem | undefined>;
  /** Resolves with false where somebody else has removed it. */
  remove(key: string): Promise<boolean>;
  blob(key: string, file: string): Promise<Blob | undefined>;
  drafts(): Promise<StoredDraft[]>;
  setDraft(draft: StoredDraft): Promise<void>;
  rows(): Promise<StoredRow[]>;
  setRows(rows: readonly StoredRow[]): Promise<void>;
  part(chat: string): Promise<StoredPart | undefined>;
  /** Keeps a part, and of all parts the `max` newest. */
  setPart(part: StoredPart, max: number): Promise<void>;
  /** Changes what is kept of a chat, in one transaction. */
  updatePart(chat: string, f: (part: StoredPart) => StoredPart): Promise<void>;
  /** Removes the parts of all chats that `stays` does not name. */
  prune(stays: (part: { readonly chat: string; readonly time: number }) => boolean): Promise<void>;
  /** Takes or renews the right to send; false while another tab has it. */
  lease(owner: string, now: number, until: number): Promise<boolean>;
  unlease(owner: string): Promise<void>;
  /** Removes everything of the person. */
  destroy(): Promise<void>;
  close(): void;
}

interface Schema extends DBSchema {
  outbox: { key: number; value: StoredItem; indexes: { key: string } };
  blobs: { key: [string, string]; value: Blob };
  drafts: { key: string; value: StoredDraft };
  misc: { key: string; value: unknown };
  parts: { key: string; value: StoredPart; indexes: { time: number } };
}

interface Lease {
  readonly owner: string;
  readonly until: number;
}

const openTime = 4000;

/** Opens the database of one person, or a memory where that cannot be. */
export async function openStore(factory: IDBFactory | undefined, name: string): Promise<Store> {
  if (factory === undefined) {
    return new MemoryStore();
  }
  try {
    const opening = open(factory, name);
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, openTime, undefined));
    const db = await Promise.race([opening, late]);
    if (db !== undefined) {
      return new DatabaseStore(db, factory);
    }
    void opening.then((d) => d.close(), () => undefined);
  } catch {
    // Forbidden by the browser (private mode) or broken: the caller sees `durable` false.
  }
  return new MemoryStore();
}

/** openDB of idb takes the global factory alone. */
function open(factory: IDBFactory, name: string): Promise<IDBPDatabase<Schema>> {
  const request = factory.open(name, 2);
  request.addEventListener("upgradeneeded", (e) => create(wrap(request.result) as unknown as IDBPDatabase<Schema>, e.oldVersion));
  return wrap(request) as unknown as Promise<IDBPDatabase<Schema>>;
}

function create(db: IDBPDatabase<Schema>, from: number): void {
  db.createObjectStore("parts", { keyPath: "chat" }).createIndex("time", "time");
  if (from >= 1) {
    return;
  }
  const outbox = db.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
  outbox.createIndex("key", "key", { unique: true });
  db.createObjectStore("blobs");
  db.createObjectStore("drafts", { keyPath: "chat" });
  db.createObjectStore("misc");
}

class DatabaseStore implements Store {
  readonly durable = true;

  constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly factory: IDBFactory,
  ) {
    // Another tab removes the database: let go, or it waits for ever.
    db.addEventListener("versionchange", () => db.close());
  }

  items(): Promise<StoredItem[]> {
    return this.db.getAll("outbox");
  }

  item(key: string): Promise<StoredItem | undefined> {
    return this.db.getFromIndex("outbox", "key", key);
  }

  async add(item: Omit<StoredItem, "seq">, blobs: ReadonlyMap<string, Blob>): Promise<number> {
    const tx = this.db.transaction(["outbox", "blobs"], "readwrite", { durability: "strict" });
    // The database gives `seq`: one order for all tabs.
    const seq = await tx.objectStore("outbox").add(item as StoredItem);
    for (const [file, blob] of blobs) {
      void tx.objectStore("blobs").put(blob, [item.key, file]);
    }
    await tx.done;
    return seq;
  }

  async update(key: string, f: (item: StoredItem) => StoredItem | undefined): Promise<StoredItem | undefined> {
    const tx = this.db.transaction("outbox", "readwrite");
    const item = await tx.store.index("key").get(key);
    const next = item && f(item);
    if (next !== undefined) {
      await tx.store.put(next);
    }
    await tx.done;
    return next ?? item;
  }

  async remove(key: string): Promise<boolean> {
    const tx = this.db.transaction(["outbox", "blobs"], "readwrite");
    const seq = await tx.objectStore("outbox").index("key").getKey(key);
    if (seq !== undefined) {
      await tx.objectStore("outbox").delete(seq);
      await tx.objectStore("blobs").delete(IDBKeyRange.bound([key, ""], [key, "\uffff"]));
    }
    await tx.done;
    return seq !== undefined;
  }

  blob(key: string, file: string): Promise<Blob | undefined> {
    return this.db.get("blobs", [key, file]);
  }

  drafts(): Promise<StoredDraft[]> {
    return this.db.getAll("drafts");
  }

  async setDraft(draft: StoredDraft): Promise<void> {
    await (draft.html === "" && !draft.dirty ? this.db.delete("drafts", draft.chat) : this.db.put("drafts", draft));
  }

  async rows(): Promise<StoredRow[]> {
    const rows = await this.db.get("misc", "rows");
    return Array.isArray(rows) ? (rows as StoredRow[]) : [];
  }

  async setRows(rows: readonly StoredRow[]): Promise<void> {
    await this.db.put("misc", rows, "rows");
  }

  part(chat: string): Promise<StoredPart | undefined> {
    return this.db.get("parts", chat);
  }

  async setPart(part: StoredPart, max: number): Promise<void> {
    const tx = this.db.transaction("parts", "readwrite");
    await tx.store.put(part);
    let over = (await tx.store.count()) - max;
    for (let c = over > 0 ? await tx.store.index("time").openCursor() : null; c !== null && over > 0; over--) {
      await c.delete();
      c = await c.continue();
    }
    await tx.done;
  }

  async updatePart(chat: string, f: (part: StoredPart) => StoredPart): Promise<void> {
    const tx = this.db.transaction("parts", "readwrite");
    const old = await tx.store.get(chat);
    if (old !== undefined) {
      await tx.store.put(f(old));
    }
    await tx.done;
  }

  async prune(stays: (part: { readonly chat: string; readonly time: number }) => boolean): Promise<void> {
    const tx = this.db.transaction("parts", "readwrite");
    for (let c = await tx.store.openCursor(); c !== null; c = await c.continue()) {
      if (!stays(c.value)) {
        await c.delete();
      }
    }
    await tx.done;
  }

  async lease(owner: string, now: number, until: number): Promise<boolean> {
    const tx = this.db.transaction("misc", "readwrite");
    const held = (await tx.store.get("lease")) as Lease | undefined;
    // `until` far ahead comes from a clock that was turned back since: not believed.
    const free = held === undefined || held.owner === owner || held.until < now || held.until > now + 10 * (until - now);
    if (free) {
      await tx.store.put({ owner, until } satisfies Lease, "lease");
    }
    await tx.done;
    return free;
  }

  async unlease(owner: string): Promise<void> {
    const tx = this.db.transaction("misc", "readwrite");
    const held = (await tx.store.get("lease")) as Lease | undefined;
    if (held?.owner === owner) {
      await tx.store.delete("lease");
    }
    await tx.done;
  }

  async destroy(): Promise<void> {
    const { name } = this.db;
    this.db.close();
    await new Promise<void>((resolve) => {
      const r = this.factory.deleteDatabase(name);
      r.onsuccess = r.onerror = r.onblocked = () => resolve();
    });
  }

  close(): void {
    this.db.close();
  }
}
