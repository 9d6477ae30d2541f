import { useSignal } from "@preact/signals";
import { t } from "../../../../i18n/index.ts";
import { cx } from "../../../../ui/cx.ts";
import { size } from "../../../../ui/format.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import type { Attachment, Message } from "../../../model/types.ts";
import { usePane } from "../pane.ts";
import { useThumb } from "./files.ts";
import { clock } from "./wave.ts";

/** Up to four pictures or videos in one bubble; the rest is in the gallery. */
export function Media({ m, all }: { m: Message; all: readonly Attachment[] }) {
  const shown = all.slice(0, 4);
  return (
    <div class={cx("album", all.length > 1 && "many")}>
      {shown.map((a, i) => <Thumb key={a.url} m={m} a={a} more={i === 3 ? all.length - 4 : 0} />)}
    </div>
  );
}

function Thumb({ m, a, more }: { m: Message; a: Attachment; more: number }) {
  const pane = usePane();
  const video = a.type.startsWith("video/");
  const first = useThumb(pane.model, a);
  const failed = useSignal(false);
  const label = t(video ? "conversation.openVideo" : "conversation.openPicture", { name: a.name });
  return (
    <button type="button" class="thumb" aria-label={label} onClick={() => (pane.over.value = { what: "gallery", message: m, attachment: a })}>
      {first.url && !failed.value ? (
        <img src={first.url} alt="" draggable={false} onError={() => (failed.value = true)} />
      ) : (
        <span class="thumb-none">
          {(first.failed || failed.value) && <Icon name="picture" />}
          {(first.failed || failed.value) && <span>{t("conversation.notLoaded")}</span>}
        </span>
      )}
      {video && <span class="thumb-play"><Icon name="play" /></span>}
      {video && <span class="thumb-foot">{a.duration !== undefined ? clock(a.duration) : a.size !== undefined ? size(a.size) : ""}</span>}
      {more > 0 && <span class="thumb-more">+{more}</span>}
    </button>
  );
}
