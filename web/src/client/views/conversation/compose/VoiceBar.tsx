import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { toast } from "../../../../ui/Toast.tsx";
import { clock } from "../attach/wave.ts";
import { Player, Wave } from "../attach/Voice.tsx";
import { longest, Recorder, type Recording, whyOf } from "./recorder.ts";

/** A finger that holds the key: where it went down, and when. */
export interface Hold {
  readonly x: number;
  readonly y: number;
  readonly time: number;
}

const tap = 400; // shorter is a tap: recording goes on by itself
const toLock = 60;
const toCancel = 90;

/**
 * While the finger is down: upwards locks, towards the start throws away, lifting sends.
 * Says what lifting would do now; undefined where nothing is held.
 */
function useHold(hold: Hold | undefined, on: { send: () => void; discard: () => void }): boolean {
  const held = useSignal(hold !== undefined);
  useEffect(() => {
    if (!hold || !held.value) return;
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    const move = (e: PointerEvent) => {
      if (hold.y - e.clientY > toLock) held.value = false;
      else if ((hold.x - e.clientX) * rtl > toCancel) on.discard();
    };
    const up = () => {
      if (held.peek() && Date.now() - hold.time >= tap) on.send();
      held.value = false;
    };
    const cancel = () => (held.value = false);
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", cancel);
    return () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", cancel);
    };
  }, [hold, held.value]);
  return held.value;
}

/**
 * Records a voice message: bars move as one speaks, it can be stopped and listened to
 * before it goes, or thrown away. A finger may hold the key instead of pressing it.
 */
export default function VoiceBar({ hold, onDone }: { hold?: Hold | undefined; onDone: (r: Recording | undefined) => void }) {
  const recorder = useMemo(() => new Recorder("audio"), []);
  const over = useRef(false);
  /** Once: lifting a finger also presses what lies under it. */
  const end = (r: Recording | undefined) => {
    if (over.current) return;
    over.current = true;
    onDone(r);
  };
  const state = useSignal<"asking" | "live" | "review">("asking");
  const made = useSignal<Recording | undefined>(undefined);
  const url = useRef<string | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const stop = async () => {
    const r = await recorder.finish();
    if (!r) return end(undefined);
    url.current = URL.createObjectURL(r.blob);
    made.value = r;
    state.value = "review";
  };
  useEffect(() => {
    recorder.open().then(
      () => {
        recorder.begin(() => void stop());
        state.value = "live";
      },
      (e: unknown) => {
        toast(t(`conversation.record.${whyOf(e)}`));
        end(undefined);
      },
    );
    return () => {
      recorder.close();
      if (url.current) URL.revokeObjectURL(url.current);
    };
  }, []);
  useEffect(() => box.current?.querySelector<HTMLElement>(".send")?.focus(), [state.value]);
  const sending = useRef(false);
  const send = async () => {
    if (sending.current) return;
    sending.current = true;
    end(made.value ?? (await recorder.finish()));
  };
  const held = useHold(hold, { send: () => void send(), discard: () => end(undefined) });
  const levels = recorder.levels.value;
  const padded = [...new Array<number>(Math.max(0, 64 - levels.length)).fill(0), ...levels.map((x) => Math.min(1, Math.sqrt(x) * 1.6))];
  return (
    <div ref={box} class="field-card recording" role="group" aria-label={t("conversation.recordVoice")} onKeyDown={(e) => e.key === "Escape" && (e.stopPropagation(), end(undefined))}>
      <IconButton icon="trash" label={t("conversation.discard")} keys="Esc" onClick={() => end(undefined)} />
      {state.value === "review" && made.value ? (
        <span class="grow"><Player url={url.current} wave={made.value.wave} duration={made.value.duration} name={t("conversation.voiceMessage")} onWant={() => undefined} /></span>
      ) : (
        <>
          <i class="lamp live" />
          <span class="num rec-time" role="timer">{state.value === "asking" ? t("conversation.askingMic") : held ? clock(recorder.elapsed.value) : `${clock(recorder.elapsed.value)} / ${clock(longest.audio)}`}</span>
          {held ? <span class="grow rec-hint">{t("conversation.holding")}</span> : <span class="grow voice"><Wave wave={padded} part={1} /></span>}
          {!held && <IconButton icon="stop" label={t("conversation.stopAndListen")} disabled={state.value !== "live"} onClick={() => void stop()} />}
        </>
      )}
      <IconButton icon="send" class="send" label={t("conversation.send")} disabled={state.value === "asking"} onClick={() => void send()} />
    </div>
  );
}
