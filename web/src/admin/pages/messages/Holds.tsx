import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { ask as confirm, Dialog } from "../../../ui/Dialog.tsx";
import { Field } from "../../../ui/Field.tsx";
import { date } from "../../../ui/format.ts";
import { Skeleton } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence, type Part } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { writes } from "../../session.ts";

interface Hold {
  readonly person?: string;
  readonly guid?: string;
  readonly conversation?: number;
  readonly note?: string;
  readonly since?: string;
}

/** What neither rules nor people can delete while it is on hold. */
export function Holds({ domain }: { domain: string }) {
  const path = ["domains", domain, "messages", "holds"];
  const poll = usePoll((signal) => ask<Part<Hold>>("GET", path, { signal }), 0, [domain]);
  const [adding, setAdding] = useState(false);
  const list = poll.value.value?.items;
  const end = async (h: Hold) => {
    const sure = await confirm({ title: t("consoleMessages.endHoldTitle", { whose: whose(h) }), text: t("consoleMessages.endHoldText"), act: t("consoleMessages.endHold"), bad: true });
    if (!sure) return;
    try {
      await ask("DELETE", path, { query: { person: h.guid ? undefined : h.person, guid: h.guid, conversation: h.conversation }, reason: t("consoleMessages.byConsole") });
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  return (
    <section class="card">
      <h2>
        {t("consoleMessages.holds")}
        <span class="r">{writes.value && <Button size="s" icon="add" onClick={() => setAdding(true)}>{t("consoleMessages.newHold")}</Button>}</span>
      </h2>
      {poll.error.value && <p class="err">{poll.error.value}</p>}
      {!list && !poll.error.value && <Skeleton kind="lines" count={2} />}
      {list?.length === 0 && <p class="hint">{t("consoleMessages.noHold")}</p>}
      <ul class="svc rules">
        {list?.map((h) => (
          <li key={`${h.guid ?? ""} ${h.person ?? ""} ${h.conversation ?? ""}`}>
            <bdi>{whose(h)}</bdi>
            <bdi class="dim">{h.note}</bdi>
            <span class="num dim">{h.since && date(Date.parse(h.since))}</span>
            {writes.value && <IconButton icon="trash" label={t("consoleMessages.endHold")} onClick={() => void end(h)} />}
          </li>
        ))}
      </ul>
      {adding && (
        <HoldDialog
          path={path}
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            poll.again();
          }}
        />
      )}
    </section>
  );
}

function whose(h: Hold): string {
  return h.conversation ? t("consoleMessages.ofConversation", { id: h.conversation }) : (h.person ?? h.guid ?? "");
}

function HoldDialog({ path, onClose, onDone }: { path: readonly string[]; onClose: () => void; onDone: () => void }) {
  const [person, setPerson] = useState("");
  const [conversation, setConversation] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const send = async () => {
    try {
      await ask("PUT", path, { body: { ...(person && { person }), ...(conversation && { conversation: Number(conversation) }), note }, reason: note || t("consoleMessages.byConsole") });
      onDone();
    } catch (e) {
      setError(sentence(e));
    }
  };
  return (
    <Dialog
      title={t("consoleMessages.newHold")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" disabled={(person === "") === (conversation === "")} onClick={() => void send()}>{t("ui.save")}</Button>
        </>
      }
    >
      <div class="form">
        <p class="hint">{t("consoleMessages.holdHint")}</p>
        <Field label={t("consoleMessages.person")} value={person} onInput={(v) => setPerson(v.trim())} mono dir="ltr" />
        <Field label={t("consoleMessages.conversation")} value={conversation} onInput={(v) => setConversation(v.trim())} inputMode="numeric" />
        <Field label={t("consoleMessages.note")} value={note} onInput={setNote} />
        {error && <p class="err" role="alert">{error}</p>}
      </div>
    </Dialog>
  );
}
