import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { cx } from "../../../../ui/cx.ts";
import { dayAndClock, number } from "../../../../ui/format.ts";
import type { Attachment, Message } from "../../../model/types.ts";
import { saveBlob, useFile, useThumb } from "../attach/files.ts";
import { shownAs } from "../attach/kinds.ts";
import { usePane } from "../pane.ts";

interface Shot {
  readonly message: Message;
  readonly a: Attachment;
}

const steps = [1, 1.5, 2, 3, 4, 6] as const;

/** All pictures and videos of what is loaded: arrows go on, + and - zoom, dragging moves, S keeps. */
export default function Gallery({ message, attachment, onClose }: { message: Message; attachment: Attachment; onClose: () => void }) {
  const pane = usePane();
  const shots = useComputed<readonly Shot[]>(() =>
    pane.conv.messages.value.flatMap((m) => (m.deleted ? [] : m.attached.filter((a) => ["picture", "video"].includes(shownAs(a))).map((a) => ({ message: m, a })))),
  );
  const at = useSignal(Math.max(0, shots.peek().findIndex((s) => s.message.key === message.key && s.a.url === attachment.url)));
  const zoom = useSignal(0);
  const shot = shots.value[Math.min(at.value, shots.value.length - 1)] ?? { message, a: attachment };
  const move = (by: number) => {
    const to = at.value + by;
    if (to < 0 || to >= shots.value.length) return;
    zoom.value = 0;
    at.value = to;
  };
  const save = () => pane.model.file(shot.a).then((b) => saveBlob(b, shot.a.name), pane.acts.failed);
  const onKeyDown = (e: KeyboardEvent) => {
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    if ((e.target as Element).matches("video")) return;
    if (e.key === "ArrowRight") move(rtl);
    else if (e.key === "ArrowLeft") move(-rtl);
    else if (e.key === "+" || e.key === "=") zoom.value = Math.min(steps.length - 1, zoom.value + 1);
    else if (e.key === "-") zoom.value = Math.max(0, zoom.value - 1);
    else if (e.key === "0") zoom.value = 0;
    else if (e.key.toLowerCase() === "s" && !e.ctrlKey) void save();
    else return;
    e.preventDefault();
  };
  return (
    <Dialog bare wide class="gallery" title={t("conversation.gallery", { name: shot.a.name })} onClose={onClose}>
      <div class="gal" onKeyDown={onKeyDown}>
        <header>
          <span class="grow">
            <b class="ell"><bdi>{shot.message.author.dn}</bdi></b>
            <span class="num">{dayAndClock(shot.message.time)} · {number(at.value + 1)} / {number(shots.value.length)}</span>
          </span>
          <IconButton icon="add" label={t("conversation.zoomIn")} keys="+" disabled={zoom.value >= steps.length - 1} onClick={() => zoom.value++} />
          <IconButton icon="download" label={t("conversation.download", { name: shot.a.name })} keys="S" onClick={() => void save()} />
          <IconButton icon="close" label={t("ui.close")} keys="Esc" onClick={onClose} />
        </header>
        <IconButton icon="back" class="gal-nav" label={t("conversation.pictureBefore")} keys="←" disabled={at.value === 0} onClick={() => move(-1)} />
        <View key={shot.a.url} a={shot.a} zoom={steps[zoom.value] ?? 1} onZoom={() => (zoom.value = zoom.value === 0 ? 2 : 0)} />
        <IconButton icon="next" class="gal-nav" label={t("conversation.pictureAfter")} keys="→" disabled={at.value >= shots.value.length - 1} onClick={() => move(1)} />
      </div>
    </Dialog>
  );
}

function View({ a, zoom, onZoom }: { a: Attachment; zoom: number; onZoom: () => void }) {
  const pane = usePane();
  const full = useFile(pane.model, a);
  const small = useThumb(pane.model, a);
  const broken = useSignal(false);
  const img = useRef<HTMLImageElement>(null);
  const place = useRef({ x: 0, y: 0 });
  const set = () => {
    img.current?.style.setProperty("--zoom", String(zoom));
    img.current?.style.setProperty("--dx", `${place.current.x}px`);
    img.current?.style.setProperty("--dy", `${place.current.y}px`);
  };
  useEffect(() => {
    if (zoom === 1) place.current = { x: 0, y: 0 };
    set();
  });
  if (shownAs(a) === "video")
    return full.url ? <video class="gal-view" src={full.url} controls autoplay playsInline aria-label={a.name} /> : <Wait failed={full.failed} />;
  const url = full.url ?? small.url;
  if (!url || broken.value) return <Wait failed={full.failed || broken.value} />;
  return (
    <div class="gal-view">
      <img
        ref={img}
        class={cx(zoom > 1 && "zoomed")}
        src={url}
        alt={a.name}
        draggable={false}
        onError={() => (broken.value = true)}
        onDblClick={onZoom}
        onPointerDown={(e) => {
          if (zoom === 1) return;
          const from = { x: e.clientX - place.current.x, y: e.clientY - place.current.y };
          const el = e.currentTarget;
          el.setPointerCapture(e.pointerId);
          const drag = (m: PointerEvent) => {
            place.current = { x: m.clientX - from.x, y: m.clientY - from.y };
            set();
          };
          el.addEventListener("pointermove", drag);
          el.addEventListener("pointerup", () => el.removeEventListener("pointermove", drag), { once: true });
        }}
      />
    </div>
  );
}

function Wait({ failed }: { failed: boolean }) {
  return <div class="gal-view gal-wait" role="status">{failed ? t("conversation.notLoaded") : ""}</div>;
}
