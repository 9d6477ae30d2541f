import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { mayOf, usePane } from "./pane.ts";

/** Stands in place of the composer while messages are selected. */
export function SelectBar() {
  const pane = usePane();
  const chosen = pane.selected.value;
  const messages = pane.conv.messages.value.filter((m) => chosen?.has(m.key));
  const all = (what: "forward" | "copy" | "remove") => messages.length > 0 && messages.every((m) => mayOf(pane, m)[what]);
  return (
    <div class="compose">
      <div class="select-bar" role="toolbar" aria-label={t("conversation.selected", { count: messages.length })}>
        <IconButton icon="close" label={t("conversation.leaveSelect")} keys="Esc" onClick={() => (pane.selected.value = undefined)} />
        <span class="grow" role="status">{t("conversation.selected", { count: messages.length })}</span>
        <Button kind="txt" icon="copy" disabled={!all("copy")} onClick={() => pane.acts.copy(messages)}>{t("ui.copy")}</Button>
        <Button kind="txt" icon="forward" disabled={!all("forward")} onClick={() => pane.acts.forward(messages)}>{t("conversation.forward")}</Button>
        <Button kind="txt" icon="trash" class="warn" disabled={!all("remove")} onClick={() => void pane.acts.remove(messages)}>{t("conversation.delete")}</Button>
      </div>
    </div>
  );
}
