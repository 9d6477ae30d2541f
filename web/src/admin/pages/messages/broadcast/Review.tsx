import { useState } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { Button } from "../../../../ui/Button.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { Field } from "../../../../ui/Field.tsx";
import { number } from "../../../../ui/format.ts";
import { Html } from "../../../../ui/Html.tsx";
import { ask, sentence } from "../../../api.ts";
import { html, meant, remember, type Broadcast, type Preview, type Receivers } from "./sent.ts";
import { whom } from "./SentList.tsx";

export interface ReviewProps {
  domain: string;
  sender: string;
  receivers: Receivers;
  text: string;
  preview: Preview;
  /** The same for every try of one message: nobody gets it twice. */
  name: string;
  onClose: () => void;
  onSent: () => void;
}

/** The second step: what goes to how many, and why. */
export function Review(p: ReviewProps) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const send = async () => {
    setBusy(true);
    setError("");
    try {
      const state = await ask<Broadcast>("POST", ["domains", p.domain, "messages", "broadcast"], {
        body: { sender: p.sender, ...meant(p.receivers), text: html(p.text), key: p.name },
        reason: reason.trim(),
      });
      remember({ domain: p.domain, at: Date.now(), receivers: p.receivers, text: p.preview.text, state });
      p.onSent();
    } catch (e) {
      setError(sentence(e));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t("consoleBroadcast.reviewTitle", { count: p.preview.receivers, shown: number(p.preview.receivers) })}
      onClose={p.onClose}
      foot={
        <>
          <Button kind="txt" onClick={p.onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" icon="send" disabled={busy || reason.trim() === ""} onClick={() => void send()}>{t("consoleBroadcast.send")}</Button>
        </>
      }
    >
      <dl class="facts">
        <dt>{t("consoleBroadcast.sender")}</dt>
        <dd><bdi>{p.sender}</bdi></dd>
        <dt>{t("consoleBroadcast.receivers")}</dt>
        <dd>{whom(p.receivers)}</dd>
      </dl>
      <Html class="bubble-preview" html={p.preview.text} />
      <Field label={t("consoleBroadcast.reason")} hint={t("consoleBroadcast.reasonHint")} value={reason} onInput={setReason} maxlength={200} />
      {error && <p class="err" role="alert">{error} {t("consoleBroadcast.again")}</p>}
    </Dialog>
  );
}
