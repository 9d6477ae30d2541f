import { useSignal } from "@preact/signals";
import { t } from "../../../../i18n/index.ts";
import { Button } from "../../../../ui/Button.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { Field } from "../../../../ui/Field.tsx";
import { hrefOf } from "../../../../ui/html.ts";

/** A link is its address: the switch lets no attributes through, so words go before it. */
export function LinkDialog({ onDone }: { onDone: (text: string | undefined) => void }) {
  const address = useSignal("");
  const words = useSignal("");
  const bad = useSignal(false);
  const insert = () => {
    const a = address.value.trim();
    const full = /^[a-z][a-z0-9+.-]*:/i.test(a) || a.includes("@") ? a : `https://${a}`;
    if (a === "" || /\s/.test(a) || hrefOf(full) === undefined) return void (bad.value = true);
    onDone(words.value.trim() ? `${words.value.trim()} ${full} ` : `${full} `);
  };
  return (
    <Dialog
      title={t("conversation.format.link")}
      onClose={() => onDone(undefined)}
      foot={
        <>
          <Button kind="txt" onClick={() => onDone(undefined)}>{t("ui.cancel")}</Button>
          <Button kind="pri" onClick={insert}>{t("conversation.insert")}</Button>
        </>
      }
    >
      <form class="fields" onSubmit={(e) => (e.preventDefault(), insert())}>
        <Field label={t("conversation.linkAddress")} value={address.value} onInput={(v) => ((address.value = v), (bad.value = false))} error={bad.value && t("conversation.linkBad")} placeholder="https://" dir="ltr" autofocus />
        <Field label={t("conversation.linkWords")} hint={t("conversation.linkHint")} value={words.value} onInput={(v) => (words.value = v)} />
        <button type="submit" class="vh" tabIndex={-1} aria-hidden="true" />
      </form>
    </Dialog>
  );
}
