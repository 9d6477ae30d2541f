import { Avatar } from "../../ui/Avatar.tsx";
import { cx } from "../../ui/cx.ts";
import { rowTime } from "../../ui/format.ts";
import { plain } from "../../ui/plain.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { IconName } from "../../ui/icons.ts";
import { memo } from "../../ui/memo.ts";
import { Badge } from "../../ui/parts.tsx";
import { menuOn } from "../../ui/press.ts";
import { href } from "../../ui/route.ts";
import { t } from "../../i18n/index.ts";
import type { Chat, Delivery, Presence } from "../model/types.ts";
import { previewOf } from "./preview.ts";

export interface ChatRowProps {
  chat: Chat;
  current: boolean;
  /** No line: presence is not known. */
  offline: boolean;
  /** In the Tab order: one row of the list. */
  stop: boolean;
  onMenu: (chat: Chat, at: MouseEvent) => void;
}

/** One chat of the list (section 4): face, name, one line, and at the end time with badge, pin or ticks. */
export const ChatRow = memo(function ChatRow({ chat, current, offline, stop, onMenu }: ChatRowProps) {
  const presence: Presence | undefined = chat.group ? undefined : offline ? "offline" : (chat.person?.presence ?? "offline");
  return (
    <a
      class={cx("row", chat.unread > 0 && (!chat.muted || chat.mentions > 0) && "unread", chat.muted && "muted")}
      href={href("chat", chat.name)}
      aria-current={current ? "true" : undefined}
      tabIndex={stop ? 0 : -1}
      draggable={false}
      {...menuOn((e) => onMenu(chat, e))}
    >
      <Avatar id={chat.name} name={chat.title} group={chat.group !== undefined} presence={presence} />
      <span class="grow">
        <span class="n">
          <span><bdi>{chat.title}</bdi></span>
          {chat.muted && <Mini icon="bellOff" word={t("shell.row.muted")} />}
          {chat.group?.announce && <Mini icon="megaphone" word={t("shell.row.announce")} />}
          {chat.volatile && <Mini icon="empty" word={t("shell.row.volatile")} />}
        </span>
        <PreviewLine chat={chat} />
      </span>
      <span class="m">
        {chat.time > 0 ? <time dateTime={new Date(chat.time).toISOString()}>{rowTime(chat.time)}</time> : <span />}
        <End chat={chat} />
      </span>
    </a>
  );
});

function Mini({ icon, word }: { icon: IconName; word: string }) {
  return (
    <>
      <Icon name={icon} small />
      <span class="vh">{word}</span>
    </>
  );
}

function PreviewLine({ chat }: { chat: Chat }) {
  const line = previewOf(chat, plain);
  if (line.kind === "typing") return <span class="p"><span class="typing">{line.text}</span></span>;
  return (
    <span class="p">
      {line.kind === "missed" && <Icon name="missed" small class="missed" />}
      {line.by && (line.kind === "draft" ? <span class="draft">{line.by}:</span> : chat.last?.own ? <span>{line.by}:</span> : <b><bdi>{line.by}</bdi>:</b>)}
      <bdi>{line.text}</bdi>
    </span>
  );
}

/** One of badge, ticks of the own last message, pin. */
function End({ chat }: { chat: Chat }) {
  if (chat.mentions > 0) return <span class="ends"><span class="at-mark" aria-hidden="true">@</span><Badge count={chat.unread} label={t("shell.row.unreadMention")} /></span>;
  if (chat.unread > 0) return <Badge count={chat.unread} quiet={chat.muted} label={t("shell.row.unread")} />;
  if (chat.pinned) return <Mini icon="pin" word={t("shell.row.pinned")} />;
  if (chat.last?.own && chat.last.state) return <Ticks state={chat.last.state} />;
  return null;
}

const tickIcon: Readonly<Record<Delivery, IconName>> = { waiting: "clock", sent: "check", delivered: "checks", read: "checks", failed: "warn" };

/** How far an own message has come: clock, one, two, two in fern, a sign. */
export function Ticks({ state }: { state: Delivery }) {
  return (
    <span class={cx("ticks", state)}>
      <Icon name={tickIcon[state]} small />
      <span class="vh">{t(`shell.delivery.${state}`)}</span>
    </span>
  );
}
