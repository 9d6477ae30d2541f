import type { ComponentType } from "preact";
import { IconButton } from "../../../ui/Button.tsx";
import { Icon } from "../../../ui/Icon.tsx";
import type { IconName } from "../../../ui/icons.ts";
import { href } from "../../../ui/route.ts";
import { rove } from "../../../ui/Field.tsx";
import { t } from "../../../i18n/index.ts";
import type { Model } from "../../model/types.ts";
import { Banners } from "../Banners.tsx";
import { closePane, onePane } from "../state.ts";
import { Appearance } from "./Appearance.tsx";
import { Devices } from "./Devices.tsx";
import { Keys } from "./Keys.tsx";
import { Language } from "./Language.tsx";
import { Notifications } from "./Notifications.tsx";
import { Trace } from "./Trace.tsx";
import { You } from "./You.tsx";

const pages = ["you", "appearance", "language", "notifications", "keys", "devices", "trace"] as const;
type Page = (typeof pages)[number];

const icons: Readonly<Record<Page, IconName>> = { you: "person", appearance: "sun", language: "domain", notifications: "bell", keys: "keyboard", devices: "device", trace: "pulse" };
const bodies: Readonly<Record<Page, ComponentType<{ model: Model }>>> = { you: You, appearance: Appearance, language: Language, notifications: Notifications, keys: Keys, devices: Devices, trace: Trace };

function pageOf(name: string | undefined): Page {
  return pages.find((p) => p === name) ?? "you";
}

/** The pages of the settings, in the place of the list. */
export function SettingsList({ model, page }: { model: Model; page?: string }) {
  const waiting = model.sessions.value.filter((s) => s.code !== undefined && !s.current).length;
  const current = page ?? location.hash.split("/")[2];
  return (
    <nav class="list" aria-label={t("shell.rail.settings")} data-scope="list" data-region tabIndex={-1}>
      <header>
        <h1>{t("shell.rail.settings")}</h1>
      </header>
      <ul class="rows scroll set-list" onKeyDown={(e) => rove(e, e.currentTarget, "a")}>
        {pages.map((p) => (
          <li key={p}>
            <a class="row slim" href={href("settings", p)} aria-current={!onePane.value && pageOf(current) === p ? "page" : undefined}>
              <Icon name={icons[p]} />
              <span class="grow ell">{t(`shell.settings.${p}.title`)}</span>
              {p === "devices" && waiting > 0 ? <span class="badge">{waiting}<span class="vh"> {t("shell.settings.devices.waiting")}</span></span> : onePane.value && <Icon name="next" small />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export function SettingsPage({ model, page }: { model: Model; page: string | undefined }) {
  const at = pageOf(page);
  const Body = bodies[at];
  return (
    <main class="conv" data-scope="page" data-region tabIndex={-1}>
      <header class="bar">
        {onePane.value && <IconButton icon="back" label={t("ui.back")} onClick={closePane} />}
        <div class="who"><div class="grow"><h2>{t(`shell.settings.${at}.title`)}</h2></div></div>
      </header>
      <Banners model={model} />
      <div class="settings scroll" tabIndex={0} role="region" aria-label={t(`shell.settings.${at}.title`)}>
        <Body key={at} model={model} />
      </div>
    </main>
  );
}
