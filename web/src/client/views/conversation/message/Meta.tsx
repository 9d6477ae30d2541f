import { t } from "../../../../i18n/index.ts";
import { clock, dayAndClock, full } from "../../../../ui/format.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import type { IconName } from "../../../../ui/icons.ts";
import type { Delivery, Message } from "../../../model/types.ts";

const ticks: Readonly<Record<Exclude<Delivery, "failed">, IconName>> = { waiting: "clock", sent: "check", delivered: "checks", read: "checks" };

/** Time and ticks; they float at the end of the last line. */
export function Meta({ m, id, small }: { m: Message; id?: string; small?: boolean }) {
  if (m.state === "failed")
    return (
      <span class="mt" id={id}>
        <span class="fail">
          <Icon name="warn" />
          {t("conversation.notSent")}
        </span>
      </span>
    );
  return (
    <span class="mt" id={id}>
      {m.pinned && <Mark icon="pin" word={t("conversation.pinned")} />}
      {m.expires !== undefined && <Mark icon="empty" word={t("conversation.expires", { time: dayAndClock(m.expires) })} />}
      {m.edited !== undefined && !m.deleted && <span title={full(m.edited)}>{t("conversation.edited")}</span>}
      {!small && <time dateTime={new Date(m.time).toISOString()} title={full(m.time)}>{clock(m.time)}</time>}
      {m.own && m.state && (
        <span class={m.state === "read" ? "read" : undefined}>
          <Icon name={ticks[m.state]} />
          <span class="vh">{t(`conversation.state.${m.state}`)}</span>
        </span>
      )}
    </span>
  );
}

function Mark({ icon, word }: { icon: IconName; word: string }) {
  return (
    <span title={word}>
      <Icon name={icon} />
      <span class="vh">{word}</span>
    </span>
  );
}
