// Changes of what the person sees, each exactly once and in order: Sync gives what was
// missed, Event what happens now, and what Event leaves out Sync has again
// (internal/messages/service/PROTOCOL.md, "Changes").
import { type Frame, num, str } from "./decode.ts";
import { report } from "./emitter.ts";
import { isProtocolError, lineError } from "./errors.ts";
import type { Change, Message, Sync, SyncHandler } from "./types.ts";
import { changeFrom } from "./wiremessage.ts";

/** What sync needs of PbxMessages. */
export interface SyncSource {
  readSync(since: string | undefined, count: number): Promise<{ readonly items: readonly Frame[]; readonly result: Frame }>;
  fault(reason: string): void;
  /** A message has come to this device. */
  arrived(chat: string, message: Message): void;
}

const pageSize = 200;
/** So many live changes are remembered by their numbers; then Sync gives a token that covers them. */
const maxSeen = 200;
/** Live changes that wait for a Sync that runs; more are left to the next one. */
const maxLive = 2_000;
/** Quiet for so long, the token is brought up to date: what was lost without a word comes then. */
const settleAfter = 30_000;
const retryAfter = 5_000;

/** How far the handler has come: a token of Sync, and what came live after it. */
interface Place {
  readonly since: string | undefined;
  readonly seen: ReadonlySet<string>;
}

const nowhere: Place = { since: undefined, seen: new Set() };

export class SyncPart implements Sync {
  current = false;

  private handler: SyncHandler | undefined;
  private place: Place = nowhere;
  private live: Frame[] = [];
  /** Live changes were left out, or may have been. */
  private behind = true;
  private up = false;
  private running = false;
  private wanted = false;
  private failed = false;
  /** Grows when everything begins anew: what runs for an older one is dropped. */
  private era = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly source: SyncSource,
    private readonly told: (current: boolean) => void,
  ) {}

  start(handler: SyncHandler, token?: string): void {
    this.era++;
    this.handler = handler;
    this.place = (token && parseToken(token)) || nowhere;
    this.restart();
  }

  stop(): void {
    this.era++;
    this.handler = undefined;
    this.place = nowhere;
    this.restart();
  }

  /** There is a session: what was missed is asked for. */
  open(): void {
    this.up = true;
    this.restart();
  }

  /** The session is gone. Live changes that wait are dropped: Sync has them. */
  lost(): void {
    this.up = false;
    this.era++;
    this.restart();
  }

  private restart(): void {
    clearTimeout(this.timer);
    this.live = [];
    this.behind = true;
    this.failed = false;
    this.setCurrent(false);
    this.pump();
  }

  /** Takes an Event. */
  event(frame: Frame): void {
    if (!this.handler) return;
    if (frame["kind"] === "lost") this.behind = true;
    else if (this.live.length < maxLive) this.live.push(frame);
    else this.behind = true;
    this.pump();
  }

  // ------------------------------------------------------------ the work, one thing after the other

  private pump(): void {
    this.wanted = true;
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.wanted) {
      this.wanted = false;
      const { era, handler } = this;
      if (!handler || !this.up || this.failed) continue;
      try {
        if (this.behind) await this.catchUp(handler, era);
        if (era === this.era) await this.tellLive(handler, era);
      } catch (e) {
        if (era === this.era) this.trouble(e);
      }
    }
    this.running = false;
  }

  /** Our own trouble is tried again; that of the handler is shown, and waits for start() or the next session. */
  private trouble(e: unknown): void {
    this.behind = true;
    this.setCurrent(false);
    if (isProtocolError(e)) {
      this.timer = setTimeout(() => this.pump(), retryAfter);
      return;
    }
    this.failed = true;
    report(e);
  }

  private async catchUp(handler: SyncHandler, era: number): Promise<void> {
    this.behind = false;
    const told = new Set<string>();
    for (let more = true; more; ) {
      const { items, result } = await this.source.readSync(this.place.since, pageSize);
      if (era !== this.era) return;
      const since = str(result["since"], 4096);
      if (!since) throw lineError("malformed", "Sync gave no token.");
      if (result["reset"] === true || this.place.since === undefined) {
        await this.reset(handler, since, era);
      } else {
        more = result["more"] === true;
        for (const f of items) told.add(keyOf(f));
        told.delete("");
        // The last page covers everything that came live before it was asked for.
        const next: Place = { since, seen: more ? this.place.seen : new Set() };
        await this.tell(handler, items.filter((f) => !this.place.seen.has(keyOf(f))), next, era, since !== this.place.since);
      }
      if (era !== this.era) return;
    }
    this.live = this.live.filter((f) => !told.has(keyOf(f)));
    if (!this.behind) this.setCurrent(true);
  }

  private async reset(handler: SyncHandler, since: string, era: number): Promise<void> {
    const next: Place = { since, seen: new Set() };
    await handler.reset(formatToken(next));
    if (era === this.era) this.place = next;
  }

  private async tellLive(handler: SyncHandler, era: number): Promise<void> {
    if (this.behind || this.live.length === 0) return;
    const batch = this.live.filter((f) => !this.place.seen.has(keyOf(f)));
    this.live = [];
    if (batch.length === 0) return;
    await this.tell(handler, batch, { since: this.place.since, seen: new Set([...this.place.seen, ...batch.map(keyOf).filter(Boolean)]) }, era, true);
    if (era !== this.era) return;
    clearTimeout(this.timer);
    if (this.place.seen.size > maxSeen) this.settle();
    else this.timer = setTimeout(() => this.settle(), settleAfter);
  }

  private settle(): void {
    this.behind = true;
    this.pump();
  }

  private async tell(handler: SyncHandler, frames: readonly Frame[], next: Place, era: number, keep: boolean): Promise<void> {
    const changes = frames.flatMap((f) => this.read(f) ?? []);
    if (changes.length > 0 || keep) await handler.changes(changes, formatToken(next));
    if (era !== this.era) return;
    this.place = next;
    for (const c of changes) if (c.kind === "message") this.source.arrived(c.chat, c.message);
  }

  private read(f: Frame): Change | undefined {
    const kind = f["kind"];
    if (kind === "post" || kind === "like" || f["topic"]) return undefined;
    const c = changeFrom(f);
    if (!c) this.source.fault("bad-change");
    return c;
  }

  private setCurrent(current: boolean): void {
    if (this.current === current) return;
    this.current = current;
    this.told(current);
  }
}

/** The number of a change is its own; marks may share one with what they cover. */
function keyOf(f: Frame): string {
  const n = num(f["n"]);
  if (n === undefined) return ""; // cannot be known again
  return `${n}.${f["kind"] === "mark" ? `m${str(f["user"], 255)}.${str(f["state"], 16)}` : "c"}`;
}

function formatToken(p: Place): string {
  return JSON.stringify({ since: p.since, seen: [...p.seen] });
}

function parseToken(token: string): Place | undefined {
  try {
    const t: unknown = JSON.parse(token);
    if (typeof t !== "object" || t === null || !("since" in t) || typeof t.since !== "string") return undefined;
    const seen = "seen" in t && Array.isArray(t.seen) ? t.seen.filter((k) => typeof k === "string") : [];
    return { since: t.since, seen: new Set(seen) };
  } catch {
    return undefined;
  }
}
