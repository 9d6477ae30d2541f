import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { t } from "../../../../i18n/index.ts";
import { cx } from "../../../../ui/cx.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import type { Attachment, Message } from "../../../model/types.ts";
import { FileTile } from "../attach/FileTile.tsx";
import { shownAs } from "../attach/kinds.ts";
import { Media } from "../attach/Media.tsx";
import { UploadTile } from "../attach/UploadTile.tsx";
import { Voice } from "../attach/Voice.tsx";
import { usePane } from "../pane.ts";
import { ActsPill } from "./acts.tsx";
import { directionOf, onlyEmoji } from "./emoji.ts";
import { Meta } from "./Meta.tsx";
import { Quote } from "./Quote.tsx";
import { Text } from "./Text.tsx";

export function Bubble({ m, id, first }: { m: Message; id: string; first: boolean }) {
  const pane = usePane();
  const hidden = useComputed(() => pane.hidden.value.has(m.key));
  const gone = m.deleted || hidden.value;
  const media = gone ? [] : m.attached.filter((a) => ["picture", "video"].includes(shownAs(a)));
  const look = cx(
    "bub", first && "first", media.length > 0 && "pic", gone && "gone",
    pane.volatile.value && "volatile", m.state === "waiting" && !m.uploads.some((u) => u.state === "running") && "wait", m.state === "failed" && "failed",
    !gone && m.attached.length + m.uploads.length === 0 && onlyEmoji(m.html) && "emoji",
  );
  return (
    <div class={look} dir={directionOf(m.html.replace(/<[^>]*>|&\w+;/g, ""))}>
      {gone ? <Gone m={m} id={id} /> : <Inner m={m} id={id} media={media} />}
      {!gone && <ActsPill m={m} />}
    </div>
  );
}

function Gone({ m, id }: { m: Message; id: string }) {
  return (
    <span id={`${id}-tx`}>
      <Icon name="trash" small /> {t(m.own ? "conversation.deletedOwn" : "conversation.deleted")}
      <Meta m={m} />
    </span>
  );
}

function Inner({ m, id, media }: { m: Message; id: string; media: readonly Attachment[] }) {
  const rest = m.attached.filter((a) => !media.includes(a));
  const hasText = m.html !== "";
  const meta = <Meta m={m} id={`${id}-mt`} />;
  // Without words the time stands in the last line of the last file.
  const tiles: ComponentChildren[] = [
    ...rest.map((a, i) => {
      const last = !hasText && m.uploads.length === 0 && i === rest.length - 1 ? meta : undefined;
      return shownAs(a) === "voice" ? <Voice key={a.url} a={a} meta={last} /> : <FileTile key={a.url} a={a} meta={last} />;
    }),
    ...m.uploads.map((u, i) => <UploadTile key={u.key} m={m} u={u} meta={!hasText && i === m.uploads.length - 1 ? meta : undefined} />),
  ];
  const above = (
    <>
      {m.forwarded !== undefined && <div class="fwd"><Icon name="forward" small /> {m.forwarded ? t("conversation.forwardedFrom", { name: m.forwarded }) : t("conversation.forwarded")}</div>}
      {m.quote && <span id={`${id}-q`}><Quote quote={m.quote} /></span>}
    </>
  );
  const words = hasText ? (
    <>
      <Text html={m.html} id={`${id}-tx`} />
      {meta}
    </>
  ) : (
    <span class="vh" id={`${id}-tx`}>{[...m.attached, ...m.uploads].map((a) => a.name).join(", ")}</span>
  );
  if (media.length === 0)
    return (
      <>
        {above}
        {tiles}
        {words}
      </>
    );
  return (
    <>
      {(m.quote || m.forwarded !== undefined) && <div class="cap">{above}</div>}
      <Media m={m} all={media} />
      <div class="cap">
        {tiles}
        {words}
        {!hasText && tiles.length === 0 && meta}
      </div>
    </>
  );
}
