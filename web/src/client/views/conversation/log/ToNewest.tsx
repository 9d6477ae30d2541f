import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { Badge } from "../../../../ui/parts.tsx";
import { usePane } from "../pane.ts";

/** Back to the newest message, with how many one has not read. */
export function ToNewest({ atEnd }: { atEnd: boolean }) {
  const pane = usePane();
  if (atEnd && pane.conv.atEnd.value) return null;
  const unread = pane.conv.chat.value?.unread ?? 0;
  return (
    <div class="to-newest">
      <IconButton icon="down" label={t("conversation.toNewest")} keys="Esc" onClick={() => void pane.acts.newest()} />
      {unread > 0 && <Badge count={unread} label={t("conversation.unread")} />}
    </div>
  );
}
