import { useEffect, useState } from "preact/hooks";
import { rowTime, length, size } from "../../ui/format.ts";
import { plain } from "../../ui/plain.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { IconName } from "../../ui/icons.ts";
import { Button } from "../../ui/Button.tsx";
import { Skeleton } from "../../ui/parts.tsx";
import { t } from "../../i18n/index.ts";
import type { Attachment, Conversation, Message, Model } from "../model/types.ts";
import { download } from "./download.ts";
import { openChat } from "./state.ts";

export type Kind = "media" | "file" | "voice";
export interface Item {
  readonly message: Message;
  readonly attachment: Attachment;
  readonly chat: string;
}

/** Media, files or voice messages of a chat, newest first, page by page. */
export function Attachments({ model, chat, talk, kind }: { model: Model; chat: string; talk: Conversation; kind: Kind }) {
  const [items, setItems] = useState<readonly Item[] | undefined>(undefined);
  const [done, setDone] = useState(false);
  const load = async (before?: number) => {
    try {
      const page = await talk.attachments(kind, before);
      setItems((old) => [...(before === undefined ? [] : (old ?? [])), ...page.map((x) => ({ ...x, chat }))]);
      setDone(page.length === 0 || before === undefined ? page.length < 20 : page.length === 0);
    } catch {
      setItems((old) => old ?? []);
      setDone(true);
    }
  };
  useEffect(() => void load(), [talk, kind]);
  if (items === undefined) return <Skeleton count={3} kind="lines" late={t("ui.loadingLong")} />;
  if (items.length === 0) return <p class="hint padded">{t(`shell.details.none.${kind}`)}</p>;
  const last = items[items.length - 1];
  return (
    <>
      <ItemGrid model={model} items={items} kind={kind} />
      {!done && <Button kind="txt" size="s" class="more" onClick={() => void load(last?.message.id)}>{t("shell.details.older")}</Button>}
    </>
  );
}

/** Pictures as tiles, everything else as rows. */
export function ItemGrid({ model, items, kind }: { model: Model; items: readonly Item[]; kind: Kind }) {
  return (
    <ul class={kind === "media" ? "tiles" : "file-rows"}>
      {items.map((item, i) => (
        <li key={`${item.message.key}-${item.attachment.url}-${i}`}>{kind === "media" ? <Tile model={model} item={item} /> : <FileRow model={model} item={item} />}</li>
      ))}
    </ul>
  );
}

function Tile({ model, item }: { model: Model; item: Item }) {
  const url = useThumb(model, item.attachment);
  const [broken, setBroken] = useState(false);
  const video = item.attachment.type.startsWith("video/");
  const label = t("shell.details.tile", { name: item.attachment.name, author: item.message.author.dn, time: rowTime(item.message.time) });
  return (
    <button type="button" class="tile-key" aria-label={label} onClick={() => openChat(item.chat, item.message.id)}>
      {url && !broken ? <img src={url} alt="" loading="lazy" onError={() => setBroken(true)} /> : <Icon name={video ? "video" : "picture"} />}
      {video && <span class="tile-play"><Icon name="play" small /></span>}
    </button>
  );
}

/** The small picture, fetched with the session's rights, given back when it is not shown any more. */
function useThumb(model: Model, a: Attachment): string | undefined {
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    const from = a.thumb ?? (a.type.startsWith("image/") ? a.url : undefined);
    if (from === undefined) return;
    const stop = new AbortController();
    let made: string | undefined;
    model.file({ ...a, url: from }, undefined, stop.signal).then(
      (blob) => !stop.signal.aborted && setUrl((made = URL.createObjectURL(blob))),
      () => undefined,
    );
    return () => {
      stop.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [model, a.url]);
  return url;
}

function iconOf(type: string): IconName {
  return type.startsWith("audio/") ? "mic" : type.startsWith("video/") ? "video" : type.startsWith("image/") ? "picture" : "file";
}

function FileRow({ model, item: { attachment: a, message, chat } }: { model: Model; item: Item }) {
  const facts = [a.duration !== undefined ? length(a.duration) : a.size !== undefined ? size(a.size) : "", message.author.dn, rowTime(message.time)].filter(Boolean).join(" · ");
  return (
    <div class="file-row">
      <span class="sq"><Icon name={iconOf(a.type)} /></span>
      <button type="button" class="grow" onClick={() => openChat(chat, message.id)}>
        <span class="n ell block"><bdi>{a.duration !== undefined && a.type.startsWith("audio/") ? t("shell.what.voice") : a.name}</bdi></span>
        <span class="p ell block"><bdi>{facts}</bdi></span>
      </button>
      <button type="button" class="ib" aria-label={t("shell.details.download", { name: a.name })} onClick={() => void download(model, a)}>
        <Icon name="download" />
      </button>
    </div>
  );
}

/** Pinned messages of a chat. */
export function Pins({ chat, talk }: { chat: string; talk: Conversation }) {
  const pins = talk.pins.value;
  if (pins.length === 0) return <p class="hint padded">{t("shell.details.none.pins")}</p>;
  return (
    <ul class="file-rows">
      {pins.map((m) => (
        <li key={m.key}>
          <div class="file-row">
            <span class="sq"><Icon name="pin" /></span>
            <button type="button" class="grow" onClick={() => openChat(chat, m.id)}>
              <span class="n ell block"><bdi>{plain(m.html) || m.attached[0]?.name || t("shell.what.file")}</bdi></span>
              <span class="p ell block"><bdi>{m.author.dn} · {rowTime(m.time)}</bdi></span>
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}
