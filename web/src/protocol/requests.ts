// Requests that wait for their answers, by src (1.4).
import { type Frame, num, str } from "./decode.ts";
import { guarded } from "./emitter.ts";
import { errorFrame, lineError, type ProtocolError } from "./errors.ts";

/** How a request is asked. */
export interface Ask {
  /** Messages with its src that come before the answer, such as ReadChatInd. */
  readonly each?: (frame: Frame) => void;
  /** Milliseconds until it counts as unanswered; each indication begins them anew. Default 20 s. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** A src of one's own, for requests that are subscriptions too: what comes after the answer is no answer. */
  readonly src?: string;
}

interface Waiting {
  readonly mt: string;
  readonly ask: Ask;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (e: ProtocolError) => void;
  timer: ReturnType<typeof setTimeout> | undefined;
  indications: number;
}

/** At a time; the Messages service takes 256 of a session. */
const maxWaiting = 200;
const maxIndications = 100_000;
const patience = 20_000;

export class Requests {
  private readonly waiting = new Map<string, Waiting>();
  private last = 0;

  constructor(
    private readonly send: (frame: object) => boolean,
    private readonly fault: (reason: string) => void,
  ) {}

  /** Asks. Rejects with kind "line", or with what the message Error says; a result that tells an error is a result. */
  ask(frame: Frame, ask: Ask = {}): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (ask.signal?.aborted) return reject(lineError("aborted", "The request was given up."));
      if (this.waiting.size >= maxWaiting) return reject(lineError("busy", "Too many requests wait for their answers."));
      const src = ask.src ?? "r" + ++this.last;
      const end = (f: () => void): void => {
        const w = this.waiting.get(src);
        clearTimeout(w?.timer);
        this.waiting.delete(src);
        ask.signal?.removeEventListener("abort", aborted);
        f();
      };
      const aborted = (): void => end(() => reject(lineError("aborted", "The request was given up.")));
      const w: Waiting = {
        mt: frame.mt, ask, timer: undefined, indications: 0,
        resolve: (f) => end(() => resolve(f)),
        reject: (e) => end(() => reject(e)),
      };
      try {
        if (!this.send({ ...frame, src })) return reject(lineError("down", "There is no connection."));
      } catch (e) {
        return reject(e);
      }
      this.waiting.get(src)?.reject(lineError("aborted", "The request was made anew."));
      this.waiting.set(src, w);
      ask.signal?.addEventListener("abort", aborted);
      this.await(w);
    });
  }

  private await(w: Waiting): void {
    clearTimeout(w.timer);
    w.timer = setTimeout(() => w.reject(lineError("timeout", "The server does not answer.")), w.ask.timeout ?? patience);
  }

  /** Takes a frame that belongs to a request; false if none waits for it. */
  take(frame: Frame): boolean {
    const w = typeof frame.src === "string" ? this.waiting.get(frame.src) : undefined;
    if (!w) return this.late(frame);
    if (frame.mt === w.mt + "Result") w.resolve(frame);
    else if (frame.mt === "Error") w.reject(errorFrame(num(frame["error"]), str(frame["errorText"])));
    else if (!w.ask.each) return false;
    else if (++w.indications > maxIndications) w.reject(lineError("malformed", "The answer has no end."));
    else {
      this.await(w);
      guarded(() => w.ask.each?.(frame));
    }
    return true;
  }

  /** The answer to a request that was given up is no fault of anybody, and of no use. */
  private late(frame: Frame): boolean {
    const n = /^r([0-9]{1,15})$/.exec(str(frame.src, 64));
    if (!n || Number(n[1]) > this.last) return false;
    this.fault("late-answer");
    return true;
  }

  /** The connection is gone: nobody knows what became of what was asked. */
  lost(): void {
    for (const w of [...this.waiting.values()]) w.reject(lineError("lost", "The connection was lost before the answer came."));
  }
}
