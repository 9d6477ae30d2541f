import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isProtocolError, ProtocolError } from "./errors.ts";
import { FilesPart } from "./files.ts";
import { settle } from "./testkit/fakeswitch.ts";
import type { UploadState } from "./types.ts";

/** The file service: tus on buffers, as docs/files.md says. */
class Service {
  readonly buffers = new Map<string, { size: number | undefined; data: Uint8Array }>();
  readonly requests: string[] = [];
  readonly deleted: number[] = [];
  last = 0;
  /** Said instead of the next answers: a status, or a cut line. */
  readonly trouble: (number | "cut")[] = [];
  /** Requests wait until they are let go. */
  held: (() => void)[] | undefined;

  createFileBuffer(name: string): Promise<{ id: number; url: string }> {
    const url = `https://files.example.com/example.com/messages/tmp/${++this.last}/${name}?t=0f3c`;
    this.buffers.set(url, { size: undefined, data: new Uint8Array() });
    return Promise.resolve({ id: this.last, url });
  }

  deleteFileBuffer(id: number): Promise<void> {
    this.deleted.push(id);
    return Promise.resolve();
  }

  readonly fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = String(input);
    this.requests.push(`${init.method ?? "GET"} ${url.slice(url.lastIndexOf("/tmp/"))}`);
    if (this.held) {
      await new Promise<void>((resolve, reject) => {
        this.held?.push(resolve);
        init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    }
    if (init.signal?.aborted) throw new DOMException("aborted", "AbortError");
    const t = this.trouble.shift();
    if (t === "cut") throw new TypeError("fetch failed");
    if (t !== undefined) return new Response(null, { status: t });
    const headers = init.headers as Record<string, string> | undefined;
    return this.answer(url, init.method ?? "GET", headers ?? {}, init.body as Blob | undefined);
  };

  private async answer(url: string, method: string, headers: Record<string, string>, body: Blob | undefined): Promise<Response> {
    const b = this.buffers.get(url);
    const at = (status: number): Response => new Response(null, { status, headers: { "Upload-Offset": String(b?.data.length) } });
    if (!b || (b.size === undefined && method !== "POST")) return new Response(null, { status: 404 });
    if (headers["Tus-Resumable"] !== "1.0.0") return new Response(b.data as BlobPart, { headers: { "Content-Type": "text/plain", "Content-Length": String(b.data.length) } });
    if (method === "POST") b.size = Number(headers["Upload-Length"]);
    if (method !== "PATCH") return at(method === "POST" ? 201 : 200);
    if (Number(headers["Upload-Offset"]) !== b.data.length) return new Response(null, { status: 409 });
    const piece = new Uint8Array(await (body ?? new Blob()).arrayBuffer());
    b.data = Uint8Array.from([...b.data, ...piece]);
    return at(204);
  }
}

let service: Service;
let files: FilesPart;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  service = new Service();
  files = new FilesPart(service, { fetch: service.fetch as typeof fetch });
  files.open();
});

afterEach(() => {
  vi.useRealTimers();
});

const size = 700_000;
const file = new Blob([new Uint8Array(size).map((_, i) => i & 255)]);

async function pass(ms = 0): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await vi.advanceTimersByTimeAsync(ms / 20);
    await settle();
    await new Promise((r) => setImmediate(r)); // Blob reads are real
  }
}

async function outcome(p: Promise<unknown>): Promise<unknown> {
  return p.catch((e: unknown) => (isProtocolError(e) ? [e.kind, e.code] : e));
}

describe("an upload", () => {
  it("goes in pieces and tells how far it is", async () => {
    const u = files.upload(file, "a.bin");
    const states: UploadState[] = [];
    u.onState((s) => states.push(s));
    await pass();
    const url = await u.done;
    expect(service.buffers.get(url)?.data).toHaveLength(size);
    expect(states.map((s) => s.state + s.done)).toEqual(["running0", "running0", "running262144", `running${size}`, `done${size}`]);
    expect(u.token).toEqual({ id: 1, url, name: "a.bin", size });
  });

  it("of nothing is done when it has begun", async () => {
    const u = files.upload(new Blob([]), "empty");
    await pass();
    await u.done;
    expect(service.requests.map((r) => r.split(" ")[0])).toEqual(["POST"]);
  });

  it("survives a line that breaks, a server that is busy, and asks where to go on", async () => {
    service.trouble.push(503, "cut");
    const u = files.upload(file, "a.bin");
    await pass();
    service.trouble.push("cut");
    await pass(10_000);
    const url = await u.done;
    expect([...(service.buffers.get(url)?.data.slice(255, 258) ?? [])]).toEqual([255, 0, 1]);
    expect(service.buffers.get(url)?.data).toHaveLength(size);
    expect(service.buffers.size).toBe(1);
  });

  it("begins anew with another buffer where the server has given the first up", async () => {
    const u = files.upload(file, "a.bin");
    const tokens: number[] = [];
    u.onToken((t) => tokens.push(t.id));
    service.trouble.push(404);
    await pass(5_000);
    expect(await u.done).toContain("/tmp/2/");
    expect(tokens).toEqual([1, 2]);
  });

  it.each([
    [413, "too-large"],
    [507, "quota"],
  ])("ends with status %i", async (status, code) => {
    service.trouble.push(status);
    const u = files.upload(file, "a.bin");
    await pass();
    expect(await outcome(u.done)).toEqual(["file", code]);
    expect(u.state).toMatchObject({ state: "failed", error: { code, number: status } });
  });

  it("ends when nothing helps", async () => {
    service.trouble.push(...Array<"cut">(20).fill("cut"));
    const u = files.upload(file, "a.bin");
    await pass(300_000);
    expect(await outcome(u.done)).toEqual(["file", "unreachable"]);
  });

  it("ends with what the service says against it", async () => {
    service.createFileBuffer = () => Promise.reject(new ProtocolError("api", "limit", "There is no room for the file.", 4));
    const u = files.upload(file, "a.bin");
    await pass();
    expect(await outcome(u.done)).toEqual(["api", "limit"]);
  });

  it("pauses and goes on where it was", async () => {
    service.held = [];
    const u = files.upload(file, "a.bin");
    await pass();
    service.held.shift()?.(); // POST
    await pass();
    service.held.shift()?.(); // the first piece
    await pass();
    expect(u.state).toMatchObject({ state: "running", done: 262_144 });
    u.pause();
    await pass(60_000);
    expect(u.state).toMatchObject({ state: "paused", done: 262_144 });
    service.held = undefined;
    service.requests.length = 0;
    u.resume();
    await pass();
    await u.done;
    expect(service.requests.map((r) => r.split(" ")[0])).toEqual(["HEAD", "PATCH"]);
  });

  it("goes on after a reload, by its token", async () => {
    service.held = [];
    const u = files.upload(file, "a.bin");
    await pass();
    service.held.shift()?.();
    await pass();
    service.held.shift()?.();
    await pass();
    const { token } = u; // the page is gone; so is what waited
    service.held = undefined;
    const again = files.upload(file, "a.bin", token);
    await pass();
    expect(await again.done).toBe(token?.url);
    expect(service.requests.at(-3)).toMatch(/^HEAD/); // and two pieces for the rest
    const other = files.upload(new Blob(["x"]), "a.bin", token);
    await pass();
    expect(await other.done).not.toBe(token?.url); // another file: the token is not its own
  });

  it("is cancelled and leaves nothing", async () => {
    service.held = [];
    const u = files.upload(file, "a.bin");
    await pass();
    u.cancel();
    await pass();
    expect(u.state.state).toBe("cancelled");
    expect(await outcome(u.done)).toEqual(["line", "aborted"]);
    expect(service.deleted).toEqual([1]);
    u.resume();
    u.pause();
    expect(u.state.state).toBe("cancelled");
  });

  it("waits for the line, and for its turn", async () => {
    files.lost();
    const all = [1, 2, 3, 4, 5].map((i) => files.upload(new Blob(["x"]), `${i}`));
    await pass(1_000);
    expect(service.requests).toEqual([]);
    service.held = [];
    files.open();
    await pass();
    expect(all.map((u) => u.state.state)).toEqual(["running", "running", "running", "waiting", "waiting"]);
    all[3]?.cancel(); // out of the queue
    const { held } = service;
    service.held = undefined;
    for (const f of held) f();
    await pass();
    expect(all.map((u) => u.state.state)).toEqual(["done", "done", "done", "cancelled", "done"]);
  });
});

describe("a download", () => {
  it("goes through the page's own host, tells how far it is, and keeps the type", async () => {
    const { url } = await service.createFileBuffer("b.txt");
    Object.assign(service.buffers.get(url) ?? {}, { size: 5, data: new TextEncoder().encode("hello") });
    service.buffers.set("https://pbx.example.com/example.com/messages/tmp/1/b.txt?t=0f3c", service.buffers.get(url) ?? { size: 0, data: new Uint8Array() });
    const own = new FilesPart(service, { fetch: service.fetch as typeof fetch, filesOrigin: "https://pbx.example.com" });
    const seen: string[] = [];
    const blob = await own.download(url, { progress: (d, t) => seen.push(`${d}/${t}`) });
    expect([await blob.text(), blob.type, seen.at(-1)]).toEqual(["hello", "text/plain", "5/5"]);
  });

  it("asks once for another URL where its own has ended", async () => {
    const { url } = await service.createFileBuffer("b.txt");
    Object.assign(service.buffers.get(url) ?? {}, { size: 2, data: new TextEncoder().encode("hi") });
    const refresh = vi.fn(() => Promise.resolve(url));
    expect(await (await files.download("https://files.example.com/tmp/9/x", { refresh })).text()).toBe("hi");
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(await outcome(files.download("https://files.example.com/tmp/9/x"))).toEqual(["file", "not-found"]);
    service.trouble.push("cut");
    expect(await outcome(files.download(url))).toEqual(["file", "unreachable"]);
    service.trouble.push(500);
    expect(await outcome(files.download(url))).toEqual(["file", "failed"]);
    expect(await outcome(files.download(url, { signal: AbortSignal.abort() }))).toEqual(["line", "aborted"]);
  });
});
