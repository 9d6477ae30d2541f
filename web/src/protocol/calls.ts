// Calls with media that ring here. They are told and never answered by this layer.
import { type Obj, obj, str, text } from "./decode.ts";
import { Emitter } from "./emitter.ts";
import type { IncomingCall, Json, Stop } from "./types.ts";
import { causeOf, facilities } from "./wiretext.ts";

type Sig = Readonly<Record<string, Json>>;

/** At a time; the switch keeps the rest from its own limits. */
const maxCalls = 64;

interface CallEvents {
  signal: Sig;
  end: number;
}

export class Calls {
  private readonly live = new Map<number, Emitter<CallEvents>>();

  constructor(private readonly say: (call: number, sig: object) => void) {}

  /** A setup that is no chat. Undefined: there are too many, or the number is in use. */
  begin(call: number, sig: Obj): IncomingCall | undefined {
    if (this.live.has(call) || this.live.size >= maxCalls) return undefined;
    const events = new Emitter<CallEvents>();
    this.live.set(call, events);
    const cg = obj(sig["cg"]) ?? {};
    const name = facilities(sig).find((f) => f["type"] === "name_identification")?.["name"];
    const [sip, num, shown] = [text(cg["sip"], 255), text(cg["num"], 64), text(name, 1024)];
    const say = (m: object): void => {
      if (this.live.has(call)) this.say(call, m);
    };
    return {
      call, media: sig["channel"] !== 0, sig: sig as Sig,
      from: { ...(sip && { sip }), ...(num && { num }), ...(shown && { name: shown }) },
      proceed: () => say({ type: "call_proc" }),
      alert: () => say({ type: "alert" }),
      send: (m) => {
        say(m);
        if (m["type"] === "rel") this.live.delete(call);
      },
      release: (cause) => {
        say({ type: "rel", cau: { num: cause } });
        this.live.delete(call);
      },
      onSignal: (f): Stop => events.on("signal", f),
      onEnd: (f): Stop => events.on("end", f),
    };
  }

  /** A message on a number; false if it is none of these calls. */
  take(call: number, sig: Obj): boolean {
    const events = this.live.get(call);
    if (!events) return false;
    if (str(sig["type"]) !== "rel") {
      events.emit("signal", sig as Sig);
      return true;
    }
    this.live.delete(call);
    events.emit("end", causeOf(sig));
    return true;
  }

  /** The line is gone, and all calls with it. */
  lost(): void {
    const all = [...this.live.values()];
    this.live.clear();
    for (const events of all) events.emit("end", 41);
  }
}
