import { t } from "../../../../i18n/index.ts";
import type { Quote as Quoted } from "../../../model/types.ts";
import { usePane } from "../pane.ts";

/** What a message answers: a spine, the name, one line. Pressing goes there. */
export function Quote({ quote, live = true }: { quote: Quoted; live?: boolean }) {
  const pane = usePane();
  const inner = (
    <div>
      <b><bdi>{quote.author}</bdi></b>
      <span dir="auto">{quote.text || t("conversation.attachment")}</span>
    </div>
  );
  if (!live) return <div class="quote">{inner}</div>;
  return (
    <button type="button" class="quote" tabIndex={-1} onClick={() => void pane.acts.jump({ id: quote.id })}>
      {inner}
      <span class="vh">{t("conversation.toOriginal", { name: quote.author })}</span>
    </button>
  );
}
