import { useState } from "preact/hooks";
import { Button } from "../../../ui/Button.tsx";
import { SwitchRow } from "../../../ui/Field.tsx";
import { t } from "../../../i18n/index.ts";
import { chime } from "../../chime.ts";
import { askPermission, notifications, permission, previews, sound } from "../../notify.tsx";

export function Notifications() {
  const [state, setState] = useState(permission());
  const change = async (on: boolean) => {
    if (on && state !== "granted") setState(await askPermission());
    else notifications.value = on;
  };
  const impossible = state === "impossible" || state === "denied";
  return (
    <>
      <SwitchRow
        label={t("shell.settings.notifications.show")}
        hint={t(`shell.settings.notifications.state.${state}`)}
        on={notifications.value && state === "granted"}
        disabled={impossible}
        onChange={(on) => void change(on)}
      />
      <SwitchRow label={t("shell.settings.notifications.previews")} hint={t("shell.settings.notifications.previewsHint")} on={previews.value} onChange={(on) => void (previews.value = on)} />
      <SwitchRow label={t("shell.settings.notifications.sound")} hint={t("shell.settings.notifications.soundHint")} on={sound.value} onChange={(on) => void (sound.value = on)} />
      <div class="acts-row">
        <Button onClick={() => chime()}>{t("shell.settings.notifications.try")}</Button>
      </div>
      <p class="hint">{t("shell.settings.notifications.dnd")}</p>
    </>
  );
}
