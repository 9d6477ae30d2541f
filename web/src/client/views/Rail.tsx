import { Avatar } from "../../ui/Avatar.tsx";
import { cx } from "../../ui/cx.ts";
import { rove } from "../../ui/Field.tsx";
import { Icon, Mark } from "../../ui/Icon.tsx";
import type { IconName } from "../../ui/icons.ts";
import { href } from "../../ui/route.ts";
import { tooltip } from "../../ui/Tooltip.tsx";
import { t } from "../../i18n/index.ts";
import type { Model } from "../model/types.ts";
import { type Place, place } from "./state.ts";
import { openPresence } from "./presence.ts";

const places: readonly { readonly at: Place; readonly icon: IconName; readonly keys: string; readonly link: string }[] = [
  { at: "chats", icon: "chat", keys: "G C", link: "#/" },
  { at: "people", icon: "people", keys: "G P", link: "#/people" },
  { at: "files", icon: "folder", keys: "G F", link: "#/files" },
];

function nameOf(at: Place, unread: number): string {
  return at === "chats" && unread > 0 ? t("shell.rail.chatsUnread", { count: unread }) : t(`shell.rail.${at}`);
}

/** The dark field at the start: places, settings, oneself (presence). */
export function Rail({ model }: { model: Model }) {
  const me = model.me.value;
  const unread = model.unread.value.count;
  return (
    <nav class="rail" aria-label={t("shell.rail.label")} data-scope="rail" data-region tabIndex={-1} onKeyDown={(e) => rove(e, e.currentTarget, "a, button")}>
      <span class="mark">
        <Mark />
      </span>
      {places.map((p, i) => (
        <a key={p.at} class="nav" href={p.link} tabIndex={p.at === place.value || (place.value === "settings" && i === 0) ? 0 : -1} aria-label={nameOf(p.at, unread)} aria-current={p.at === place.value ? "page" : undefined} {...tooltip(t(`shell.rail.${p.at}`), p.keys)}>
          <Icon name={p.icon} />
          {p.at === "chats" && unread > 0 && <span class="dot" />}
        </a>
      ))}
      <span class="grow" />
      <a class="nav" href={href("settings")} tabIndex={place.value === "settings" ? 0 : -1} aria-label={t("shell.rail.settings")} aria-current={place.value === "settings" ? "page" : undefined} {...tooltip(t("shell.rail.settings"))}>
        <Icon name="settings" />
      </a>
      {me && (
        <button type="button" class="self" tabIndex={-1} aria-haspopup="menu" onClick={(e) => openPresence(model, e.currentTarget)}>
          <span class="vh">{t("shell.rail.self", { name: me.dn, presence: t(`ui.presence.${shownPresence(model)}`) })}</span>
          <Avatar id={me.sip} name={me.dn} presence={shownPresence(model)} size="md" />
        </button>
      )}
    </nav>
  );
}

/** One's own presence, empty while there is no line: the screen does not pretend. */
function shownPresence(model: Model) {
  return model.line.value.state === "up" ? (model.me.value?.presence ?? "offline") : "offline";
}

/** The bar at the foot of a phone. */
export function TabBar({ model }: { model: Model }) {
  const unread = model.unread.value.count;
  const all = [...places, { at: "settings" as const, icon: "person" as const, link: "#/settings" }];
  return (
    <nav class="tabs" aria-label={t("shell.rail.label")} data-scope="rail" data-region tabIndex={-1}>
      {all.map((p) => (
        <a key={p.at} href={p.link} class={cx("tab")} aria-current={p.at === place.value ? "page" : undefined} aria-label={p.at === "chats" ? nameOf(p.at, unread) : undefined}>
          <span>
            <Icon name={p.icon} />
            {p.at === "chats" && unread > 0 && <i class="dot" />}
          </span>
          {p.at === "settings" ? t("shell.rail.you") : t(`shell.rail.${p.at}`)}
        </a>
      ))}
    </nav>
  );
}
