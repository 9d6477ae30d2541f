// The admin API, /admin/v1, as the console calls it. What it answers is described by
// /admin/v1/openapi.json; types of resources stand beside the pages that show them.
import { signal } from "@preact/signals";

/** A refusal of the API (application/problem+json), or that there was no answer. */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** For programs: number_taken, stale, unreachable ... */
    readonly code: string,
    /** A sentence for people. */
    readonly detail: string,
    /** Members of what was sent that are wrong. */
    readonly errors: readonly FieldError[] = [],
    /** Seconds after which to try again. */
    readonly wait?: number,
  ) {
    super(detail);
  }

  /** What is wrong with a member; undefined if nothing is. */
  of(field: string): string | undefined {
    return this.errors.find((e) => e.field === field || e.field.endsWith(`.${field}`))?.detail;
  }
}

export interface FieldError {
  readonly field: string;
  readonly detail: string;
}

/** One part of a list. */
export interface Part<T> {
  readonly items: readonly T[];
  /** Where to go on; absent at the end. */
  readonly next?: string;
}

export interface Ask {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Sent as it is: a file. */
  readonly raw?: { readonly type: string; readonly body: BodyInit };
  /** The rev that is changed: somebody else's change in between is a Problem `stale`. */
  readonly rev?: number | undefined;
  /** Why, for the audit log. */
  readonly reason?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Further headers: the passphrase of a backup. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The session has ended: the page that asks who one is takes over. */
export const ended = signal(0);

/** The address of an operation; parts of the path are escaped. */
export function path(parts: readonly (string | number)[], query: Ask["query"] = {}): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") q.set(name, String(value));
  }
  const text = q.toString();
  return `/admin/v1/${parts.map((p) => encodeURIComponent(p)).join("/")}${text && `?${text}`}`;
}

/** Asks the API; the answer's body, or a Problem is thrown. */
export async function ask<T>(method: string, parts: readonly (string | number)[], a: Ask = {}): Promise<T> {
  const answer = await send(method, parts, a);
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

/** As ask, for answers that are no JSON. */
export async function send(method: string, parts: readonly (string | number)[], a: Ask = {}): Promise<Response> {
  const headers = new Headers({ Accept: "application/json", ...a.headers });
  if (a.rev !== undefined) headers.set("If-Match", `"${a.rev}"`);
  if (a.reason) headers.set("Pbx-Reason", reasonHeader(a.reason));
  if (a.body !== undefined) headers.set("Content-Type", "application/json");
  if (a.raw) headers.set("Content-Type", a.raw.type);
  let answer: Response;
  try {
    answer = await fetch(path(parts, a.query), {
      method,
      headers,
      body: a.raw ? a.raw.body : a.body === undefined ? null : JSON.stringify(a.body),
      signal: a.signal ?? null,
      credentials: "same-origin",
    });
  } catch (e) {
    if (a.signal?.aborted) throw e;
    throw new Problem(0, "unreachable", "The switch does not answer.");
  }
  if (answer.ok) return answer;
  const problem = await read(answer);
  if (answer.status === 401 && parts[0] !== "session") ended.value++;
  throw problem;
}

/** Headers carry Latin-1 alone: what else people write is sent encoded (RFC 8187), and the switch decodes it. */
export function reasonHeader(reason: string): string {
  if (/^[\x20-\x7e]*$/.test(reason) && !/^utf-8''/i.test(reason)) return reason;
  return `UTF-8''${encodeURIComponent(reason.replace(/\p{Surrogate}/gu, "\ufffd"))}`;
}

async function read(answer: Response): Promise<Problem> {
  const wait = Number(answer.headers.get("Retry-After")) || undefined;
  try {
    const p = (await answer.json()) as { code?: string; detail?: string; title?: string; errors?: FieldError[] };
    return new Problem(answer.status, p.code ?? "unknown", p.detail ?? p.title ?? answer.statusText, p.errors ?? [], wait);
  } catch {
    return new Problem(answer.status, "unknown", `The switch answered ${answer.status} ${answer.statusText}.`, [], wait);
  }
}

/** What went wrong, as a sentence. */
export function sentence(e: unknown): string {
  return e instanceof Problem ? e.detail : e instanceof Error ? e.message : String(e);
}

/** Saves an answer as a file of this machine. */
export async function download(parts: readonly (string | number)[], query: Ask["query"], name: string): Promise<void> {
  const answer = await send("GET", parts, { query });
  const url = URL.createObjectURL(await answer.blob());
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
