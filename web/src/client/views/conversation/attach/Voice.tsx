import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import { isString, setting } from "../../../../ui/settings.ts";
import type { Attachment } from "../../../model/types.ts";
import { usePane } from "../pane.ts";
import { saveBlob, useFile } from "./files.ts";
import { clock, shareAt, shownWave } from "./wave.ts";

const speeds = ["1", "1.5", "2"] as const;
/** How fast voice messages are played; kept for the next one. */
const speed = setting("voiceSpeed", "1", isString);

// One sound at a time: what starts stops the other.
let playing: HTMLAudioElement | undefined;

/** Bars of a voice message; the played part is lit. */
export function Wave({ wave, part }: { wave: readonly number[]; part: number }) {
  const width = wave.length * 5 - 2;
  const lit = part * wave.length;
  return (
    <svg class="wv" viewBox={`0 0 ${width} 32`} preserveAspectRatio="none" aria-hidden="true">
      {wave.map((x, i) => {
        const h = Math.max(3, Math.round(x * 28));
        return <rect key={i} class={i < lit ? "d" : undefined} x={i * 5} y={16 - h / 2} width={3} height={h} rx={1.5} />;
      })}
    </svg>
  );
}

export function Voice({ a, meta }: { a: Attachment; meta?: ComponentChildren }) {
  const pane = usePane();
  const wanted = useSignal(false); // fetched when it is to be played, not when it is scrolled by
  const file = useFile(pane.model, wanted.value ? a : undefined);
  return (
    <Player
      url={file.url}
      failed={file.failed}
      wave={a.wave}
      duration={a.duration}
      name={a.name}
      meta={meta}
      onWant={() => (wanted.value = true)}
      onSave={async () => pane.model.file(a).then((b) => saveBlob(b, a.name), pane.acts.failed)}
    />
  );
}

export interface PlayerProps {
  url: string | undefined;
  failed?: boolean;
  wave: readonly number[] | undefined;
  duration: number | undefined;
  name: string;
  meta?: ComponentChildren;
  onWant: () => void;
  onSave?: () => void;
}

/** Play, wave with a slider, elapsed and total, speed. */
export function Player({ url, failed, wave, duration, name, meta, onWant, onSave }: PlayerProps) {
  const audio = useRef<HTMLAudioElement>(null);
  const on = useSignal(false);
  const at = useSignal(0);
  const total = useSignal(duration ?? 0);
  const start = useRef(false);
  const shown = useMemo(() => shownWave(wave), [wave]);
  const rate = Number(speed.value) || 1;
  useEffect(() => {
    const el = audio.current;
    if (!el || !url) return;
    el.playbackRate = rate;
    if (start.current) void el.play().catch(() => (on.value = false));
    start.current = false;
  }, [url, rate]);
  useEffect(() => () => void (playing === audio.current && (playing = undefined)), []);
  const toggle = () => {
    const el = audio.current;
    if (!url || !el) {
      start.current = true;
      return onWant();
    }
    if (el.paused) void el.play().catch(() => (on.value = false));
    else el.pause();
  };
  const seek = (part: number) => {
    at.value = part * total.value;
    if (audio.current && url) audio.current.currentTime = at.value / 1000;
    else onWant();
  };
  const part = total.value > 0 ? at.value / total.value : 0;
  return (
    <div class="voice">
      {failed ? (
        <span class="pl bad" title={t("conversation.notLoaded")}><Icon name="warn" /></span>
      ) : (
        <button type="button" class="pl" aria-label={t(on.value ? "conversation.pauseVoice" : "conversation.playVoice", { name })} onClick={toggle}>
          <Icon name={on.value ? "pause" : "play"} />
        </button>
      )}
      <div class="vb">
        <div
          class="seek"
          role="slider"
          tabIndex={0}
          aria-label={t("conversation.seek")}
          aria-valuemin={0}
          aria-valuemax={Math.round(total.value / 1000)}
          aria-valuenow={Math.round(at.value / 1000)}
          aria-valuetext={`${clock(at.value)} / ${clock(total.value)}`}
          onPointerDown={(e) => drag(e, seek)}
          onKeyDown={(e) => slide(e, part, total.value, seek)}
        >
          <Wave wave={shown} part={part} />
        </div>
        <div class="foot2">
          <span>{clock(at.value)} / {clock(total.value)}</span>
          {(on.value || at.value > 0) && (
            <button type="button" class="speed" aria-label={t("conversation.speed", { speed: `${speed.value}×` })} onClick={() => (speed.value = next(speed.value))}>
              {speed.value}×
            </button>
          )}
          {onSave && at.value > 0 && <button type="button" class="speed" onClick={onSave}>{t("conversation.save")}</button>}
          {meta}
        </div>
      </div>
      {url && (
        <audio
          ref={audio}
          src={url}
          preload="metadata"
          onPlay={() => {
            if (playing !== audio.current) playing?.pause();
            playing = audio.current ?? undefined;
            on.value = true;
          }}
          onPause={() => (on.value = false)}
          onEnded={() => ((on.value = false), (at.value = 0))}
          onTimeUpdate={(e) => (at.value = e.currentTarget.currentTime * 1000)}
          onLoadedMetadata={(e) => {
            const d = e.currentTarget.duration * 1000;
            if (Number.isFinite(d) && d > 0) total.value = d;
            if (at.value > 0) e.currentTarget.currentTime = at.value / 1000;
          }}
        />
      )}
    </div>
  );
}

function next(now: string): string {
  return speeds[(speeds.findIndex((s) => s === now) + 1) % speeds.length] ?? "1";
}

function drag(e: PointerEvent, seek: (part: number) => void): void {
  const el = e.currentTarget as HTMLElement;
  const to = (x: number) => {
    const r = el.getBoundingClientRect();
    seek(shareAt(x, r.left, r.width));
  };
  el.setPointerCapture(e.pointerId);
  to(e.clientX);
  const move = (m: PointerEvent) => to(m.clientX);
  el.addEventListener("pointermove", move);
  el.addEventListener("pointerup", () => el.removeEventListener("pointermove", move), { once: true });
  el.addEventListener("pointercancel", () => el.removeEventListener("pointermove", move), { once: true });
}

/** Time runs left to right in every language, and so do its keys. */
function slide(e: KeyboardEvent, part: number, total: number, seek: (part: number) => void): void {
  const step = total > 0 ? 5000 / total : 0.05;
  const to = new Map([["ArrowRight", part + step], ["ArrowLeft", part - step], ["Home", 0], ["End", 1]]).get(e.key);
  if (to === undefined) return;
  e.preventDefault();
  e.stopPropagation();
  seek(Math.min(1, Math.max(0, to)));
}
