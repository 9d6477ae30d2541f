import { useSignal } from "@preact/signals";
import { t } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { number } from "../../../ui/format.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { lineOf } from "./compose/Strip.tsx";
import { usePane } from "./pane.ts";

/** The pinned messages: one line, the next one at each press. */
export function Pins() {
  const pane = usePane();
  const at = useSignal(0);
  const pins = pane.conv.pins.value;
  const m = pins[at.value % Math.max(1, pins.length)];
  if (!m) return null;
  const go = () => {
    if (m.id !== undefined) void pane.acts.jump({ id: m.id });
    at.value = (at.value + 1) % pins.length;
  };
  return (
    <div class="pins">
      <Icon name="pin" small />
      <button type="button" class="pins-go grow" onClick={go}>
        <b><bdi>{m.author.dn}</bdi></b> <span class="ell" dir="auto">{lineOf(m)}</span>
        <span class="vh">{t("conversation.toPinned", { name: m.author.dn })}</span>
      </button>
      {pins.length > 1 && <span class="num pins-n">{number((at.value % pins.length) + 1)} / {number(pins.length)}</span>}
      {(pane.conv.chat.value?.group?.role ?? "owner") !== "member" && <IconButton icon="close" size="s" label={t("conversation.unpin")} onClick={() => pane.acts.pin(m)} />}
    </div>
  );
}
