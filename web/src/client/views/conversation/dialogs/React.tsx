import { t } from "../../../../i18n/index.ts";
import { Dialog } from "../../../../ui/Dialog.tsx";
import type { Message } from "../../../model/types.ts";
import EmojiPicker from "../compose/EmojiPicker.tsx";
import { QuickRow } from "../message/Reactions.tsx";
import { usePane } from "../pane.ts";

/** A reaction out of all emoji. */
export default function React({ message, onClose }: { message: Message; onClose: () => void }) {
  const pane = usePane();
  const pick = (emoji: string) => {
    onClose();
    pane.acts.react(message, emoji);
  };
  return (
    <Dialog title={t("conversation.react")} onClose={onClose} class="react">
      <QuickRow m={message} done={pick} />
      <EmojiPicker onPick={pick} />
    </Dialog>
  );
}
