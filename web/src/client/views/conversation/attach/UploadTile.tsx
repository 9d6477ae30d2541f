import type { ComponentChildren } from "preact";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { size } from "../../../../ui/format.ts";
import type { Message, Upload } from "../../../model/types.ts";
import { usePane } from "../pane.ts";
import { Moving, Tile } from "./FileTile.tsx";
import { fileKind, secondsLeft } from "./kinds.ts";

/** A file on its way to the switch: bar, how far, pause, resume, cancel, or why it failed. */
export function UploadTile({ m, u, meta }: { m: Message; u: Upload; meta?: ComponentChildren }) {
  const pane = usePane();
  const { conv } = pane;
  const pausable = u.state === "running" || u.state === "paused";
  return (
    <div class="upload">
      {u.preview && <img class="up-pic" src={u.preview} alt="" />}
      <Tile name={u.name} type={u.type} line={lineOf(u, meta)}>
        {pausable && (
          <IconButton
            icon={u.state === "paused" ? "play" : "pause"}
            label={t(u.state === "paused" ? "conversation.resume" : "conversation.pause")}
            onClick={() => conv.pauseUpload(m.key, u.key, u.state !== "paused")}
          />
        )}
        {u.state === "failed" && <IconButton icon="refresh" label={t("ui.tryAgain")} onClick={() => conv.retry(m.key)} />}
        {u.state !== "done" && <IconButton icon="close" label={t("conversation.cancelUpload")} onClick={() => conv.cancel(m.key, u.key)} />}
      </Tile>
      {(u.state === "running" || u.state === "paused") && (
        <Moving
          label={t("conversation.uploading", { name: u.name })}
          done={u.done}
          total={u.size}
          left={u.state === "running" ? secondsLeft(u.done, u.size, u.speed) : undefined}
          line={u.state === "paused" ? t("conversation.pausedAt", { done: size(u.done), total: size(u.size) }) : undefined}
          meta={meta}
        />
      )}
    </div>
  );
}

function lineOf(u: Upload, meta: ComponentChildren) {
  if (u.state === "failed") return <span class="up-bad">{u.error ?? t("conversation.uploadFailed")}</span>;
  if (u.state === "running" || u.state === "paused") return t(`conversation.kind.${fileKind(u.name, u.type)}`);
  return <span class="foot2"><span>{size(u.size)}</span>{meta}</span>;
}
