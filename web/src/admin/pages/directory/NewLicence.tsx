// A licence that is signed here, or comes as a text from elsewhere.
import { useId, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { Checkbox, Field, Select } from "../../../ui/Field.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, type Problem } from "../../api.ts";
import type { Grant } from "./InstalledLicences.tsx";
import { TextOut } from "./LicenceKeys.tsx";
import { Lines, problemOf, Refusal } from "./parts.tsx";
import { domain, domains } from "./place.ts";

export interface NewLicenceProps {
  onClose: () => void;
  onInstalled: () => void;
}

const features = ["*", "messages", "chat", "chat.attach", "chat.group", "calls", "push", "rest", "App()", "Service()"];

/** "messages:20" is 20 users, "calls" all of the domain; undefined if the count is none. */
export function readGrant(text: string): Grant | undefined {
  const m = /^([^:]+?)(?::(\d{1,9}))?$/.exec(text.trim());
  if (!m?.[1]) return undefined;
  return m[2] === undefined ? { name: m[1] } : { name: m[1], count: Number(m[2]) };
}

/** A day counts whole, in UTC: until 2027-12-31 ends when 2028 begins. */
export function dayStart(day: string, after: 0 | 1): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : new Date(at + after * 86_400_000).toISOString().replace(".000Z", "Z");
}

export function IssueLicence({ onClose, onInstalled }: NewLicenceProps) {
  const [of, setOf] = useState(domain.value?.name ?? "*");
  const [grants, setGrants] = useState<readonly { name: string; count: string }[]>([{ name: "messages", count: "" }]);
  const [days, setDays] = useState({ from: "", until: "" });
  const [test, setTest] = useState(false);
  const [note, setNote] = useState("");
  const [issued, setIssued] = useState<string | undefined>();
  const [problem, setProblem] = useState<Problem | undefined>();
  const issue = async () => {
    const from = dayStart(days.from, 0);
    const until = dayStart(days.until, 1);
    const body = { domain: of, grants: grants.map((g) => readGrant(g.count ? `${g.name}:${g.count}` : g.name)).filter((g) => g !== undefined), ...(from && { from }), ...(until && { until }), ...(test && { test }), ...(note && { note }) };
    try {
      setIssued((await ask<{ text: string }>("POST", ["licences", "issue"], { body })).text);
      setProblem(undefined);
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  const install = async () => {
    try {
      await ask("POST", ["licences"], { body: { text: issued } });
      toast(t("consoleLicences.installedOne"));
      onInstalled();
      onClose();
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  return (
    <Drawer
      title={t("consoleLicences.issue")}
      onClose={onClose}
      foot={
        <>
          <Button kind="pri" onClick={() => void (issued ? install() : issue())}>{t(issued ? "consoleLicences.installNow" : "consoleLicences.sign")}</Button>
          <Button kind="txt" onClick={onClose}>{t(issued ? "ui.close" : "ui.cancel")}</Button>
        </>
      }
    >
      <div class="form">
        <Refusal problem={problem} />
        {issued ? (
          <>
            <p>{t("consoleLicences.issuedText")}</p>
            <TextOut label={t("consoleLicences.text")} text={issued} />
          </>
        ) : (
          <>
            <Select label={t("consoleDirectory.domain")} value={of} options={[...(domains.value ?? []).map((d) => ({ value: d.name, word: d.name })), { value: "*", word: t("consoleLicences.everyDomain") }]} onChange={setOf} />
            <Grants grants={grants} set={setGrants} />
            <div class="two">
              <Field label={t("consoleLicences.from")} type="date" value={days.from} onInput={(from) => setDays({ ...days, from })} hint={t("consoleLicences.fromHint")} />
              <Field label={t("consoleLicences.lastDay")} type="date" value={days.until} onInput={(until) => setDays({ ...days, until })} hint={t("consoleLicences.untilHint")} />
            </div>
            <Field label={t("consoleLicences.note")} value={note} onInput={setNote} autocomplete="off" maxLength={200} />
            <Checkbox label={t("consoleLicences.testLong")} on={test} onChange={setTest} />
          </>
        )}
      </div>
    </Drawer>
  );
}

function Grants({ grants, set }: { grants: readonly { name: string; count: string }[]; set: (grants: readonly { name: string; count: string }[]) => void }) {
  const known = useId();
  const put = (at: number, part: Partial<{ name: string; count: string }>) => set(grants.map((g, i) => (i === at ? { ...g, ...part } : g)));
  return (
    <Lines legend={t("consoleLicences.grants")} hint={t("consoleLicences.grantsHint")} add={t("consoleLicences.addGrant")} onAdd={grants.length < 64 ? () => set([...grants, { name: "", count: "" }]) : undefined}>
      <datalist id={known}>
        {features.map((f) => (
          <option key={f} value={f} />
        ))}
      </datalist>
      {grants.map((g, i) => (
        <div class="line" key={i}>
          <Field class="bare" label={t("consoleLicences.feature")} placeholder={t("consoleLicences.feature")} value={g.name} onInput={(name) => put(i, { name })} list={known} mono autocomplete="off" />
          <Field class="bare" label={t("consoleLicences.users")} placeholder={t("consoleLicences.forAll")} value={g.count} onInput={(v) => put(i, { count: v.replace(/\D/g, "").slice(0, 9) })} inputMode="numeric" autocomplete="off" />
          {grants.length > 1 && <Button size="s" kind="txt" icon="close" aria-label={t("consoleLicences.removeGrant", { name: g.name })} onClick={() => set(grants.filter((_, k) => k !== i))} />}
        </div>
      ))}
    </Lines>
  );
}

export function InstallLicence({ onClose, onInstalled }: NewLicenceProps) {
  const id = useId();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<Problem | undefined>();
  const install = async () => {
    try {
      await ask("POST", ["licences"], { body: { text } });
      toast(t("consoleLicences.installedOne"));
      onInstalled();
      onClose();
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  return (
    <Drawer
      title={t("consoleLicences.install")}
      onClose={onClose}
      foot={
        <>
          <Button kind="pri" disabled={text.trim() === ""} onClick={() => void install()}>{t("consoleLicences.installAct")}</Button>
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
        </>
      }
    >
      <div class="form">
        <Refusal problem={problem} />
        <div class="field">
          <label for={id}>{t("consoleLicences.text")}</label>
          <textarea id={id} class="in mono licence-text" rows={10} maxLength={32768} spellcheck={false} placeholder="TANDEM-LICENCE-1.…" value={text} onInput={(e) => setText(e.currentTarget.value)} />
          <div class="hint">{t("consoleLicences.textHint")}</div>
        </div>
      </div>
    </Drawer>
  );
}
