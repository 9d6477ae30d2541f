import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { plain } from "../../../../ui/html.ts";
import type { Message } from "../../../model/types.ts";
import { Quote } from "../message/Quote.tsx";
import { usePane } from "../pane.ts";

/** What is answered or edited, above the field. */
export function Strip() {
  const pane = usePane();
  const editing = pane.editing.value;
  const reply = pane.reply.value;
  const m = editing ?? reply;
  if (!m) return null;
  const close = () => {
    pane.editing.value = undefined;
    pane.reply.value = undefined;
    pane.composer?.focus();
  };
  return (
    <div class="replying">
      <Quote live={false} quote={{ id: m.id ?? 0, author: editing ? t("conversation.editing") : m.author.dn, text: lineOf(m) }} />
      <IconButton icon="close" size="s" label={t(editing ? "conversation.leaveEdit" : "conversation.leaveReply")} keys="Esc" onClick={close} />
    </div>
  );
}

export function lineOf(m: Message): string {
  return plain(m.html).slice(0, 200) || (m.attached[0]?.name ?? "");
}
