import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { Button } from "../../../../ui/Button.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { clock } from "../attach/wave.ts";
import { longest, Recorder, type Recording, type Why, whyOf } from "./recorder.ts";

/** Records a video message: one sees oneself, begins, stops, looks at it, sends it. */
export default function VideoDialog({ onDone }: { onDone: (r: Recording | undefined) => void }) {
  const recorder = useMemo(() => new Recorder("video"), []);
  const state = useSignal<"asking" | "ready" | "live" | "review">("asking");
  const why = useSignal<Why | undefined>(undefined);
  const made = useSignal<Recording | undefined>(undefined);
  const url = useRef<string | undefined>(undefined);
  const view = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    recorder.open().then(() => {
      if (view.current && recorder.stream) view.current.srcObject = recorder.stream;
      state.value = "ready";
    }, (e: unknown) => (why.value = whyOf(e)));
    return () => {
      recorder.close();
      if (url.current) URL.revokeObjectURL(url.current);
    };
  }, []);
  const stop = async () => {
    const r = await recorder.finish();
    if (!r) return onDone(undefined);
    url.current = URL.createObjectURL(r.blob);
    made.value = r;
    state.value = "review";
  };
  const begin = () => {
    recorder.begin(() => void stop());
    state.value = "live";
  };
  const foot = (
    <>
      <Button kind="txt" onClick={() => onDone(undefined)}>{t("conversation.discard")}</Button>
      {state.value === "ready" && <Button kind="pri" icon="camera" onClick={begin}>{t("conversation.record.begin")}</Button>}
      {state.value === "live" && <Button kind="pri" icon="stop" onClick={() => void stop()}>{t("conversation.record.stop")}</Button>}
      {state.value === "review" && <Button kind="pri" icon="send" onClick={() => onDone(made.value)}>{t("conversation.send")}</Button>}
    </>
  );
  return (
    <Dialog title={t("conversation.videoMessage")} onClose={() => onDone(undefined)} foot={foot}>
      {why.value ? (
        <p role="alert">{t(`conversation.record.${why.value}`)}</p>
      ) : state.value === "review" ? (
        <video key="made" class="video-made" src={url.current} controls playsInline />
      ) : (
        <video key="live" ref={view} class="video-live" muted autoplay playsInline />
      )}
      <p class="hint num" role="timer">
        {state.value === "asking" && !why.value && t("conversation.askingCamera")}
        {state.value === "live" && `${clock(recorder.elapsed.value)} / ${clock(longest.video)}`}
      </p>
    </Dialog>
  );
}
