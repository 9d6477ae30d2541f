import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { toast } from "../../../../ui/Toast.tsx";
import { clock } from "../attach/wave.ts";
import { Player, Wave } from "../attach/Voice.tsx";
import { longest, Recorder, type Recording, whyOf } from "./recorder.ts";

/**
 * Records a voice message: bars move as one speaks, it can be stopped and listened to
 * before it goes, or thrown away. Recording goes on without holding anything (locked).
 */
export default function VoiceBar({ onDone }: { onDone: (r: Recording | undefined) => void }) {
  const recorder = useMemo(() => new Recorder("audio"), []);
  const state = useSignal<"asking" | "live" | "review">("asking");
  const made = useSignal<Recording | undefined>(undefined);
  const url = useRef<string | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const stop = async () => {
    const r = await recorder.finish();
    if (!r) return onDone(undefined);
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
        onDone(undefined);
      },
    );
    return () => {
      recorder.close();
      if (url.current) URL.revokeObjectURL(url.current);
    };
  }, []);
  useEffect(() => box.current?.querySelector<HTMLElement>(".send")?.focus(), [state.value]);
  const send = async () => onDone(made.value ?? (await recorder.finish()));
  const levels = recorder.levels.value;
  const padded = [...new Array<number>(Math.max(0, 64 - levels.length)).fill(0), ...levels.map((x) => Math.min(1, Math.sqrt(x) * 1.6))];
  return (
    <div ref={box} class="field-card recording" role="group" aria-label={t("conversation.recordVoice")} onKeyDown={(e) => e.key === "Escape" && (e.stopPropagation(), onDone(undefined))}>
      <IconButton icon="trash" label={t("conversation.discard")} keys="Esc" onClick={() => onDone(undefined)} />
      {state.value === "review" && made.value ? (
        <span class="grow"><Player url={url.current} wave={made.value.wave} duration={made.value.duration} name={t("conversation.voiceMessage")} onWant={() => undefined} /></span>
      ) : (
        <>
          <i class="lamp live" />
          <span class="num rec-time" role="timer">{state.value === "asking" ? t("conversation.askingMic") : `${clock(recorder.elapsed.value)} / ${clock(longest.audio)}`}</span>
          <span class="grow voice"><Wave wave={padded} part={1} /></span>
          <IconButton icon="stop" label={t("conversation.stopAndListen")} disabled={state.value !== "live"} onClick={() => void stop()} />
        </>
      )}
      <IconButton icon="send" class="send" label={t("conversation.send")} disabled={state.value === "asking"} onClick={() => void send()} />
    </div>
  );
}
