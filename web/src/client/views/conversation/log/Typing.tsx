import { t } from "../../../../i18n/index.ts";
import { list } from "../../../../ui/format.ts";
import { usePane } from "../pane.ts";

/** Who writes. Its line is always there, so that nothing moves when somebody begins. Not announced. */
export function Typing() {
  const pane = usePane();
  const names = pane.conv.chat.value?.typing ?? [];
  return (
    <div class="typing" aria-hidden="true">
      {names.length > 0 && (
        <>
          <i><b /><b /><b /></i>
          <span>{typingText(names)}</span>
        </>
      )}
    </div>
  );
}

export function typingText(names: readonly string[]): string {
  if (names.length > 3) return t("conversation.typingMany", { count: names.length });
  return names.length === 1 ? t("conversation.typingOne", { name: names[0] ?? "" }) : t("conversation.typingSome", { names: list(names) });
}
