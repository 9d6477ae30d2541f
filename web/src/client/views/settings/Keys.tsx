import { SwitchRow } from "../../../ui/Field.tsx";
import { singleKeys } from "../../../ui/keys.ts";
import { t } from "../../../i18n/index.ts";
import { KeyList } from "../KeyTable.tsx";
import { enterSends } from "../conversation/compose/settings.ts";

export function Keys() {
  return (
    <>
      <SwitchRow label={t("shell.settings.keys.enter")} hint={t("shell.settings.keys.enterHint")} on={enterSends.value} onChange={(on) => void (enterSends.value = on)} />
      <SwitchRow label={t("shell.keys.single")} hint={t("shell.keys.singleHint")} on={singleKeys.value} onChange={(on) => void (singleKeys.value = on)} />
      <KeyList />
    </>
  );
}
