// Files of messages as addresses that the page may show. They need the rights of the
// session, so the model fetches them; an address lives while something shows it, and a
// little longer, since scrolling comes back.
import { useEffect, useState } from "preact/hooks";
import type { Attachment, Model } from "../../../model/types.ts";

interface Held {
  readonly url: Promise<string>;
  users: number;
}

const mostIdle = 60;
const stores = new WeakMap<Model, Map<string, Held>>();

function storeOf(model: Model): Map<string, Held> {
  let s = stores.get(model);
  if (!s) stores.set(model, (s = new Map()));
  return s;
}

function hold(model: Model, a: Attachment): Held {
  const store = storeOf(model);
  let held = store.get(a.url);
  if (held) store.delete(a.url); // to the end: used last
  else {
    const url = model.file(a).then((blob) => URL.createObjectURL(safe(blob, a.type)));
    held = { url, users: 0 };
    url.catch(() => store.delete(a.url));
  }
  store.set(a.url, held);
  held.users++;
  return held;
}

/** The type is that of the message, never one that a browser would run. */
function safe(blob: Blob, type: string): Blob {
  const shown = /^(image\/(jpeg|png|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+)/i.exec(type)?.[0] ?? "application/octet-stream";
  return blob.type === shown ? blob : new Blob([blob], { type: shown });
}

function release(model: Model, held: Held): void {
  held.users--;
  const store = storeOf(model);
  const idle = [...store].filter(([, h]) => h.users === 0);
  for (const [key, h] of idle.slice(0, Math.max(0, idle.length - mostIdle))) {
    store.delete(key);
    h.url.then((u) => URL.revokeObjectURL(u), () => undefined);
  }
}

/** The address of an attachment, or of its small picture; `failed` where it cannot be had. */
export function useFile(model: Model, a: Attachment | undefined): { url?: string; failed: boolean } {
  const [state, set] = useState<{ of?: string; url?: string; failed: boolean }>({ failed: false });
  const key = a?.url;
  useEffect(() => {
    if (!a) return;
    let alive = true;
    const held = hold(model, a);
    held.url.then(
      (url) => alive && set({ of: a.url, url, failed: false }),
      () => alive && set({ of: a.url, failed: true }),
    );
    return () => {
      alive = false;
      release(model, held);
    };
  }, [model, key]);
  return state.of === key ? state : { failed: false };
}

const thumbTime = 1000;
const wholeAtOnce = 8_000_000;

/**
 * What stands in a bubble: the small picture, whose address may come a little later, or,
 * where none comes, the picture itself unless it is large.
 */
export function useThumb(model: Model, a: Attachment): { url?: string; failed: boolean } {
  const [waited, setWaited] = useState(false);
  const still = a.type.startsWith("image/") && (a.size ?? 0) <= wholeAtOnce;
  useEffect(() => {
    if (a.thumb !== undefined) return;
    const timer = setTimeout(() => setWaited(true), thumbTime);
    return () => clearTimeout(timer);
  }, [a.thumb]);
  const ready = a.thumb !== undefined && /^(blob|data):/.test(a.thumb); // an address that the page may show as it is
  const small = a.thumb !== undefined && !ready ? { url: a.thumb, name: a.name, type: "image/jpeg" } : undefined;
  const fetched = useFile(model, small ?? (a.thumb === undefined && waited && still ? a : undefined));
  if (ready && a.thumb !== undefined) return { url: a.thumb, failed: false };
  return fetched;
}

/** Lets the browser keep a file under its name. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
