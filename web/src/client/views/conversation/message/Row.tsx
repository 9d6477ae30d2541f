import { useComputed } from "@preact/signals";
import { t } from "../../../../i18n/index.ts";
import { Avatar } from "../../../../ui/Avatar.tsx";
import { Button } from "../../../../ui/Button.tsx";
import { cx } from "../../../../ui/cx.ts";
import { dayMark } from "../../../../ui/format.ts";
import { Checkbox } from "../../../../ui/Field.tsx";
import { memo } from "../../../../ui/memo.ts";
import type { Item } from "../log/items.ts";
import { usePane } from "../pane.ts";
import { Bubble } from "./Bubble.tsx";
import { Reactions } from "./Reactions.tsx";
import { Seen } from "./Seen.tsx";
import { System } from "./System.tsx";

/** One row of the log. */
export const Row = memo(function Row({ item, seen }: { item: Item; seen: boolean }) {
  if (item.kind === "day") return <Day time={item.time} />;
  if (item.kind === "new") return <div class="new" role="separator"><span>{t("conversation.new", { count: item.count })}</span></div>;
  if (item.kind === "system") return item.message.system ? <System line={item.message.system} /> : null;
  return <MessageRow item={item} seen={seen} />;
});

function Day({ time }: { time: number }) {
  const pane = usePane();
  return (
    <div class="day">
      <button type="button" tabIndex={-1} title={t("conversation.toDate")} onClick={() => (pane.over.value = { what: "date", time })}>{dayMark(time)}</button>
    </div>
  );
}

function MessageRow({ item, seen }: { item: Item & { kind: "message" }; seen: boolean }) {
  const pane = usePane();
  const m = item.message;
  const stop = useComputed(() => pane.stop.value === m.key);
  const tint = useComputed(() => pane.tint.value === m.key);
  const picked = useComputed(() => pane.selected.value?.has(m.key));
  const moderates = useComputed(() => item.first && pane.mentions.value.some((x) => x.moderates && x.sip === m.author.sip));
  const selecting = useComputed(() => pane.selected.value !== undefined);
  const id = `m-${cssId(m.key)}`;
  const name = m.own ? t("conversation.you") : m.author.dn;
  return (
    <article
      class={cx("grp", m.own && "me", item.first && "opens", tint.value && "tint", picked.value && "picked", selecting.value && "selecting")}
      data-key={m.key}
      tabIndex={stop.value ? 0 : -1}
      aria-labelledby={`${id}-by ${id}-q ${id}-tx ${id}-mt`}
    >
      {selecting.value && <span class="pick"><Checkbox bare label={t("conversation.selectOf", { name })} on={picked.value ?? false} onChange={() => pane.acts.select(m)} /></span>}
      {!m.own && (item.last ? <Avatar id={m.author.sip} name={m.author.dn} size="sm" /> : <span />)}
      <div class="stack">
        {item.first && !m.own ? <div class="by" id={`${id}-by`}><bdi>{name}</bdi>{moderates.value && <span class="r"> {t("conversation.moderator")}</span>}</div> : <span class="vh" id={`${id}-by`}>{name}</span>}
        <Bubble m={m} id={id} first={item.first} />
        {m.state === "failed" && (
          <span class="retry">
            {m.error && <span class="retry-why">{m.error}</span>}
            <Button size="s" kind="txt" onClick={() => pane.conv.retry(m.key)}>{t("ui.tryAgain")}</Button>
          </span>
        )}
      </div>
      {m.reactions.length > 0 && <Reactions m={m} />}
      {seen && <Seen m={m} />}
    </article>
  );
}

/** Keys come from other people's clients; ids of elements take no blanks. */
function cssId(key: string): string {
  return key.replace(/[^\w-]/g, (c) => `_${c.codePointAt(0)?.toString(36)}`);
}
