import { t } from "../../../i18n/index.ts";
import { Avatar, Lamp } from "../../../ui/Avatar.tsx";
import { IconButton } from "../../../ui/Button.tsx";
import { number } from "../../../ui/format.ts";
import { openMenu } from "../../../ui/Menu.tsx";
import { wide } from "../../../ui/theme.ts";
import { typingText } from "./log/Typing.tsx";
import { usePane } from "./pane.ts";

export interface BarProps {
  onDetails: () => void;
  details?: boolean | undefined;
  onBack?: (() => void) | undefined;
}

/** Who it is, how they are, and what one can do with the chat. */
export function Bar({ onDetails, details, onBack }: BarProps) {
  const pane = usePane();
  const chat = pane.conv.chat.value;
  const offline = pane.model.line.value.state === "down";
  const phone = !wide.w600.value;
  const title = chat?.title ?? pane.chat;
  const search = () => (pane.searching.value = true);
  const date = () => (pane.over.value = { what: "date", time: Date.now() });
  return (
    <header class={phone ? "bar narrow" : "bar"}>
      {onBack && <IconButton icon="back" class="h-l" label={t("ui.back")} onClick={onBack} />}
      <div class="who" onClick={phone ? onDetails : undefined}>
        <Avatar id={pane.chat} name={title} group={chat?.group !== undefined} presence={chat?.group ? undefined : offline ? "offline" : chat?.person?.presence} size="md" />
        <div class="grow">
          <h2><bdi>{title}</bdi></h2>
          <div class="st"><Status /></div>
        </div>
      </div>
      {phone ? (
        <IconButton
          icon="more"
          label={t("ui.more")}
          aria-haspopup="menu"
          onClick={(e) => openMenu(e.currentTarget, title, [
            { word: t("conversation.search"), icon: "search", run: search },
            { word: t("conversation.toDate"), icon: "clock", run: date },
            { word: t("conversation.details"), icon: "details", run: onDetails },
          ])}
        />
      ) : (
        <>
          <IconButton icon="search" label={t("conversation.search")} keys="Ctrl F" on={pane.searching.value || undefined} onClick={() => (pane.searching.value = !pane.searching.value)} />
          <IconButton icon="clock" label={t("conversation.toDate")} onClick={date} />
          <IconButton icon="details" label={t("conversation.details")} keys="Ctrl ." on={details} onClick={onDetails} />
        </>
      )}
    </header>
  );
}

/** One line: who writes; else presence and note, or how many members. */
function Status() {
  const pane = usePane();
  const chat = pane.conv.chat.value;
  if (pane.model.line.value.state === "down") return <span>{t(chat?.group ? "conversation.offlineGroup" : "conversation.presenceUnknown")}</span>;
  if (chat && chat.typing.length > 0) return <span class="typing-now">{typingText(chat.typing)}</span>;
  if (chat?.group)
    return (
      <>
        <span>{t("conversation.membersCount", { count: chat.group.count, shown: number(chat.group.count) })}</span>
        {chat.group.announce && <><span aria-hidden="true">·</span><span>{t("conversation.announce")}</span></>}
      </>
    );
  const person = chat?.person;
  if (!person) return null;
  return (
    <>
      {person.presence === "phone" && <Lamp presence="phone" />}
      <span>{t(`ui.presence.${person.presence}`)}</span>
      {person.note && <><span aria-hidden="true">·</span><span class="ell" dir="auto">{person.note}</span></>}
      {person.num && <><span aria-hidden="true">·</span><span class="num">{person.num}</span></>}
    </>
  );
}
