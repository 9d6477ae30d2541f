// What the model needs of its surroundings. The browser has it; tests bring their own.
// Nothing else in the model touches a global of the page.

/** The part of Web Locks that electing one tab needs. */
export interface Locks {
  request(name: string, options: { signal?: AbortSignal }, hold: () => Promise<void>): Promise<unknown>;
}

/** A loudspeaker to the other tabs of this browser. */
export interface Channel {
  postMessage(data: unknown): void;
  onmessage: ((e: MessageEvent) => void) | null;
  close(): void;
}

export interface Platform {
  readonly indexedDB: IDBFactory | undefined;
  readonly locks: Locks | undefined;
  /** Kept until the person leaves. */
  readonly local: Storage | undefined;
  /** Kept until this tab closes. */
  readonly session: Storage | undefined;
  channel(name: string): Channel | undefined;
  now(): number;
  /** Random bytes as lower-case hex. */
  random(bytes: number): string;
  /** Somebody can see this page. */
  visible(): boolean;
  objectURL(blob: Blob): string;
  revokeURL(url: string): void;
  /** The network as the browser knows it, and whether the page is seen: `f` is told of changes. */
  watch(f: (now: { readonly online: boolean; readonly visible: boolean }) => void): () => void;
  readonly userAgent: string;
  /** Says that pages of this client's host come from here; absent outside a browser. */
  readonly origin: string | undefined;
}

/** The browser. Storage may be forbidden there: then reading the property throws. */
export function browserPlatform(): Platform {
  return {
    indexedDB: attempt(() => globalThis.indexedDB),
    locks: attempt(() => navigator.locks as unknown as Locks | undefined),
    local: attempt(() => globalThis.localStorage),
    session: attempt(() => globalThis.sessionStorage),
    channel: (name) => attempt(() => new BroadcastChannel(name) as unknown as Channel),
    now: () => Date.now(),
    random: randomHex,
    visible: () => typeof document === "undefined" || document.visibilityState === "visible",
    watch: watchPage,
    userAgent: browserName(typeof navigator === "undefined" ? "" : navigator.userAgent),
    objectURL: (blob) => URL.createObjectURL(blob),
    revokeURL: (url) => URL.revokeObjectURL(url),
    origin: typeof location === "undefined" ? undefined : location.origin,
  };
}

function watchPage(f: (now: { readonly online: boolean; readonly visible: boolean }) => void): () => void {
  if (typeof window === "undefined") {
    return () => undefined;
  }
  const tell = (): void => f({ online: navigator.onLine, visible: document.visibilityState === "visible" });
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  document.addEventListener("visibilitychange", tell);
  return () => {
    window.removeEventListener("online", tell);
    window.removeEventListener("offline", tell);
    document.removeEventListener("visibilitychange", tell);
  };
}

const browsers: readonly (readonly [string, RegExp])[] = [["Edge", /Edg\//], ["Opera", /OPR\//], ["Firefox", /Firefox\//], ["Chrome", /Chrome\//], ["Safari", /Safari\//]];
const systems: readonly (readonly [string, RegExp])[] = [["Android", /Android/], ["iOS", /iPhone|iPad/], ["Windows", /Windows/], ["macOS", /Mac OS/], ["Linux", /Linux/]];

/** Browser and system in words, for the list of sessions. */
export function browserName(userAgent: string): string {
  const find = (list: typeof browsers): string | undefined => list.find(([, r]) => r.test(userAgent))?.[0];
  return ["Tandem", find(browsers), find(systems)].filter((s) => s !== undefined).join(" · ");
}

/** Random bytes as lower-case hex; getRandomValues is there in every context, also on plain http. */
export function randomHex(bytes: number): string {
  const b = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f() ?? undefined;
  } catch {
    return undefined;
  }
}
