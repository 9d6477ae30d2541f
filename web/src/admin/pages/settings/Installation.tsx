import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { ask as confirm, Dialog } from "../../../ui/Dialog.tsx";
import { Field } from "../../../ui/Field.tsx";
import { dayAndClock, number } from "../../../ui/format.ts";
import { Banner, Tag } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, path, sentence } from "../../api.ts";
import { usePoll, type Polled } from "../../poll.ts";
import { Backup } from "./Backup.tsx";
import { Line } from "./parts.tsx";

interface Version {
  readonly version: string;
  readonly build?: string;
}

interface Keys {
  readonly running: boolean;
  readonly resealed: number;
  readonly old: number;
  readonly failed?: string;
}

interface Draining {
  readonly draining: boolean;
  readonly until?: string;
  readonly calls: number;
}

/** What an operator does to the switch as a whole. */
export function Installation() {
  const version = usePoll((signal) => ask<Version>("GET", ["version"], { signal }), 0);
  const v = version.value.value;
  return (
    <>
      <section class="card">
        <h2>{t("consoleSettings.tabs.installation")}</h2>
        {version.error.value && <p class="err">{version.error.value}</p>}
        <Line word={t("consoleSettings.install.version")} hint={v?.build}><span class="mono">{v?.version}</span></Line>
        <Line word={t("consoleSettings.install.api")} hint={t("consoleSettings.install.apiHint")}>
          <a href={path(["docs"])} target="_blank" rel="noopener">{t("consoleSettings.install.docs")}</a>
        </Line>
      </section>
      <MasterKey />
      <Backup />
      <Drain />
    </>
  );
}

function MasterKey() {
  const poll = usePoll((signal) => ask<Keys>("GET", ["keys"], { signal }), 2000);
  const k = poll.value.value;
  const rotate = async () => {
    const sure = await confirm({ title: t("consoleSettings.install.rotateTitle"), text: t("consoleSettings.install.rotateText"), act: t("consoleSettings.install.rotate") });
    if (!sure) return;
    try {
      await ask("POST", ["keys", "rotate"]);
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  const state = !k ? "" : k.running ? t("consoleSettings.install.resealing", { count: k.resealed, shown: number(k.resealed) }) : k.old > 0 ? t("consoleSettings.install.oldKeys", { count: k.old }) : t("consoleSettings.install.oneKey");
  return (
    <section class="card">
      <h2>{t("consoleSettings.install.key")}</h2>
      {poll.error.value && <p class="err">{poll.error.value}</p>}
      {k?.failed && <Banner cord="carmine" icon="warn" fact={k.failed} />}
      <Line word={t("consoleSettings.install.keyWhat")} hint={<span role="status">{state}</span>}>
        {k?.running && <Tag cord="ochre">{t("consoleSettings.install.running")}</Tag>}
        <Button size="s" icon="refresh" disabled={!k || k.running} onClick={() => void rotate()}>{t("consoleSettings.install.rotate")}</Button>
      </Line>
    </section>
  );
}

function Drain() {
  const poll = usePoll((signal) => ask<Draining>("GET", ["drain"], { signal }), 5000);
  const [asking, setAsking] = useState(false);
  const d = poll.value.value;
  return (
    <section class="card">
      <h2>{t("consoleSettings.install.drain")}</h2>
      {d?.draining && <Banner cord="ochre" icon="clock" fact={t("consoleSettings.install.draining", { time: d.until ? dayAndClock(Date.parse(d.until)) : "" })}>{t("consoleSettings.install.callsLeft", { count: d.calls })}</Banner>}
      <Line word={t("consoleSettings.install.drainWhat")} hint={t("consoleSettings.install.drainHint")}>
        <Button size="s" onClick={() => setAsking(true)}>{t("consoleSettings.install.drainAct")}</Button>
      </Line>
      {asking && <DrainDialog poll={poll} onClose={() => setAsking(false)} />}
    </section>
  );
}

function DrainDialog({ poll, onClose }: { poll: Polled<Draining>; onClose: () => void }) {
  const [seconds, setSeconds] = useState("600");
  const [reason, setReason] = useState("");
  const [error, setError] = useState("");
  const send = async () => {
    try {
      await ask("POST", ["drain"], { body: { seconds: Number(seconds) }, reason: reason.trim() || undefined });
      poll.again();
      onClose();
    } catch (e) {
      setError(sentence(e));
    }
  };
  return (
    <Dialog
      title={t("consoleSettings.install.drainTitle")}
      onClose={onClose}
      foot={
        <>
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="bad" disabled={!/^[1-9]\d{0,5}$/.test(seconds)} onClick={() => void send()}>{t("consoleSettings.install.drainAct")}</Button>
        </>
      }
    >
      <p>{t("consoleSettings.install.drainText")}</p>
      <Field label={t("consoleSettings.install.seconds")} value={seconds} onInput={(v) => setSeconds(v.trim())} inputMode="numeric" dir="ltr" />
      <Field label={t("consoleBroadcast.reason")} hint={t("consoleBroadcast.reasonHint")} value={reason} onInput={setReason} maxLength={200} />
      {error && <p class="err" role="alert">{error}</p>}
    </Dialog>
  );
}
