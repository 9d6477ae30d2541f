import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { size, span } from "../../../../ui/format.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import type { IconName } from "../../../../ui/icons.ts";
import { Progress } from "../../../../ui/parts.tsx";
import type { Attachment } from "../../../model/types.ts";
import { usePane } from "../pane.ts";
import { saveBlob } from "./files.ts";
import { type FileKind, fileKind, secondsLeft } from "./kinds.ts";

const icons: Readonly<Record<FileKind, IconName>> = {
  pdf: "file", text: "file", document: "file", other: "file", sheet: "list", slides: "share", archive: "box", sound: "signal", film: "video", image: "picture", code: "code",
};

/** Icon by kind, name, and a line below. */
export function Tile({ name, type, line, children }: { name: string; type: string; line: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="file">
      <span class="ic"><Icon name={icons[fileKind(name, type)]} /></span>
      <span class="fn ell" title={name}><bdi>{name}</bdi></span>
      <span class="fs">{line}</span>
      {children && <span class="x">{children}</span>}
    </div>
  );
}

/** A document: its kind and size; download with progress, and a way to stop it. */
export function FileTile({ a, meta }: { a: Attachment; meta?: ComponentChildren }) {
  const pane = usePane();
  const state = useSignal<{ done: number; total: number; since: number } | undefined>(undefined);
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const load = async () => {
    stop.current = new AbortController();
    const since = Date.now();
    state.value = { done: 0, total: a.size ?? 0, since };
    try {
      const blob = await pane.model.file(a, (done, total) => (state.value = { done, total, since }), stop.current.signal);
      saveBlob(blob, a.name);
    } catch (e) {
      if (!stop.current.signal.aborted) pane.acts.failed(e);
    }
    state.value = undefined;
  };
  const now = state.value;
  const kind = t(`conversation.kind.${fileKind(a.name, a.type)}`);
  return (
    <div>
      <Tile name={a.name} type={a.type} line={<span class="foot2"><span dir="auto">{a.size === undefined ? kind : `${kind} · ${size(a.size)}`}</span>{!now && meta}</span>}>
        {now ? (
          <IconButton icon="close" label={t("conversation.cancelDownload")} onClick={() => stop.current?.abort()} />
        ) : (
          <IconButton icon="download" label={t("conversation.download", { name: a.name })} onClick={() => void load()} />
        )}
      </Tile>
      {now && <Moving label={t("conversation.downloading")} done={now.done} total={now.total} left={leftOf(now)} meta={meta} />}
    </div>
  );
}

function leftOf(s: { done: number; total: number; since: number }): number | undefined {
  const seconds = (Date.now() - s.since) / 1000;
  return seconds < 1 ? undefined : secondsLeft(s.done, s.total, s.done / seconds);
}

/** The bar of something on its way, and how far it is. */
export function Moving({ label, done, total, left, meta, line }: { label: string; done: number; total: number; left?: number | undefined; meta?: ComponentChildren; line?: string | undefined }) {
  const text = line ?? (left === undefined ? t("conversation.doneOf", { done: size(done), total: size(total) }) : t("conversation.doneOfLeft", { done: size(done), total: size(total), left: span(left * 1000) }));
  return (
    <>
      <Progress part={total > 0 ? done / total : 0} label={label} />
      <div class="foot2"><span dir="auto">{text}</span>{meta}</div>
    </>
  );
}
