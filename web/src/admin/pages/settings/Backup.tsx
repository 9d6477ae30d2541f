import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { number } from "../../../ui/format.ts";
import { send, sentence } from "../../api.ts";

/** Makes a backup and saves it as a file of this machine. */
export function Backup() {
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState("");
  const [error, setError] = useState("");
  const make = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setError("");
    setDone("");
    try {
      const answer = await send("POST", ["backup"], { headers: words ? { "Pbx-Passphrase": encodeURIComponent(words) } : {} });
      save(await answer.blob());
      const rows = Number(answer.headers.get("Pbx-Backup-Rows"));
      setDone(t(answer.headers.get("Pbx-Backup-Keys") === "true" ? "consoleSettings.install.backupDone" : "consoleSettings.install.backupBare", { rows: number(rows) }));
      setWords("");
    } catch (e) {
      setError(sentence(e));
    }
    setBusy(false);
  };
  return (
    <section class="card">
      <h2>{t("consoleSettings.install.backup")}</h2>
      <form class="form" onSubmit={(e) => void make(e)}>
        <Field label={t("consoleSettings.install.passphrase")} hint={t("consoleSettings.install.passphraseHint")} type="password" autocomplete="new-password" value={words} onInput={setWords} error={error || undefined} dir="ltr" />
        <p role="status" class="hint">{done}</p>
        <div>
          <Button icon="download" type="submit" disabled={busy}>{t(busy ? "consoleSettings.install.backupBusy" : "consoleSettings.install.backupAct")}</Button>
        </div>
      </form>
    </section>
  );
}

function save(blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = `pbx-${new Date().toISOString().slice(0, 10)}.backup`;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
