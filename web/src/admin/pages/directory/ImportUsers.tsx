// Users from a CSV file: choose it, see what it would do, do it.
import { useRef, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { number, size } from "../../../ui/format.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { Banner, useLate } from "../../../ui/parts.tsx";
import { go } from "../../../ui/route.ts";
import { ask, sentence } from "../../api.ts";
import { Table, type Column } from "../../Table.tsx";
import { DomainChoice } from "./parts.tsx";
import { writesHere } from "./place.ts";
import type { DomainRow, Imported, RefusedLine } from "./types.ts";

type Step = "choose" | "preview" | "done";
const steps: readonly Step[] = ["choose", "preview", "done"];
/** As the switch takes it. */
const mostBytes = 64 << 20;
const columnsOfFile = ["sip", "dn", "num", "password", "cn", "email", "node", "template", "groups", "apps"];

export function ImportUsers({ domain }: { domain: DomainRow }) {
  const [step, setStep] = useState<Step>("choose");
  const [file, setFile] = useState<File | undefined>();
  const [report, setReport] = useState<Imported | undefined>();
  const [error, setError] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const send = async (of: File, dry: boolean) => {
    setBusy(true);
    setError(undefined);
    try {
      setReport(await ask<Imported>("POST", ["domains", domain.name, "users", "import"], { query: { dry_run: dry }, raw: { type: "text/csv", body: of } }));
      setStep(dry ? "preview" : "done");
    } catch (e) {
      setError(sentence(e));
    } finally {
      setBusy(false);
    }
  };
  const take = (of: File) => {
    setFile(of);
    if (of.size > mostBytes) setError(t("consoleDirectory.tooLarge", { size: size(of.size), most: size(mostBytes) }));
    else void send(of, true);
  };
  const again = () => {
    setStep("choose");
    setFile(undefined);
    setReport(undefined);
    setError(undefined);
  };
  return (
    <>
      <header>
        <IconButton icon="back" label={t("ui.back")} onClick={() => go(["objects"])} />
        <h1>{t("consoleDirectory.importTitle")}</h1>
        <span class="hint">{domain.name}</span>
        <span class="grow" />
        {step === "choose" && <DomainChoice />}
      </header>
      <div class="body fill">
        <Stepper at={step} />
        {error && <Banner cord="carmine" icon="warn" fact={error} {...(file && file.size <= mostBytes && step === "choose" ? { act: { word: t("ui.tryAgain"), run: () => void send(file, true) } } : {})} />}
        {!writesHere.value && <Banner cord="ochre" icon="lock" fact={t("consoleDirectory.noImport")} />}
        {busy && <Busy dry={step === "choose"} />}
        {step === "choose" && !busy && writesHere.value && <Choose onFile={take} />}
        {step === "preview" && report && file && <Preview file={file} report={report} busy={busy} onImport={() => void send(file, false)} onAgain={again} />}
        {step === "done" && report && <Done report={report} onAgain={again} />}
      </div>
    </>
  );
}

/** Where one is: jacks in a row, the one that is done filled. */
function Stepper({ at }: { at: Step }) {
  const now = steps.indexOf(at);
  return (
    <ol class="stepper" aria-label={t("consoleDirectory.steps.label")}>
      {steps.map((s, i) => (
        <li key={s} class={i < now ? "past" : i === now ? "now" : undefined} aria-current={i === now ? "step" : undefined}>
          <i class={i < now ? "lamp open" : i === now ? "lamp live" : "lamp off"} />
          {t(`consoleDirectory.steps.${s}`)}
        </li>
      ))}
    </ol>
  );
}

function Busy({ dry }: { dry: boolean }) {
  return useLate(300) ? <p class="hint" role="status">{t(dry ? "consoleDirectory.checking" : "consoleDirectory.importing")}</p> : null;
}

function Choose({ onFile }: { onFile: (f: File) => void }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        const f = e.dataTransfer?.files[0];
        if (f) onFile(f);
      }}
    >
      <Icon name="file" />
      <p>{t("consoleDirectory.dropHere")}</p>
      <input ref={input} type="file" class="vh" accept=".csv,text/csv,text/plain" aria-label={t("consoleDirectory.file")} onChange={(e) => e.currentTarget.files?.[0] && onFile(e.currentTarget.files[0])} />
      <Button kind="pri" onClick={() => input.current?.click()}>{t("consoleDirectory.chooseFile")}</Button>
      <p class="hint">{t("consoleDirectory.columns")}</p>
      <p class="mono">{columnsOfFile.join(",")}</p>
      <p class="hint">{t("consoleDirectory.columnsHint")}</p>
    </div>
  );
}

function Preview({ file, report, busy, onImport, onAgain }: { file: File; report: Imported; busy: boolean; onImport: () => void; onAgain: () => void }) {
  return (
    <>
      <Figures report={report} name={file.name} />
      <Refused report={report} />
      <div class="step-foot">
        <Button kind="pri" disabled={busy || report.added === 0} onClick={onImport}>{t("consoleDirectory.importNow", { count: report.added, shown: number(report.added) })}</Button>
        <Button kind="txt" disabled={busy} onClick={onAgain}>{t("consoleDirectory.otherFile")}</Button>
      </div>
    </>
  );
}

function Done({ report, onAgain }: { report: Imported; onAgain: () => void }) {
  return (
    <>
      <Figures report={report} />
      <Refused report={report} />
      <div class="step-foot">
        <Button kind="pri" onClick={() => go(["objects"])}>{t("consoleDirectory.toObjects")}</Button>
        <Button kind="txt" onClick={onAgain}>{t("consoleDirectory.otherFile")}</Button>
      </div>
    </>
  );
}

function Figures({ report, name }: { report: Imported; name?: string }) {
  return (
    <dl class="figs two-figs">
      <div class="fig">
        <dt>{t(report.dry_run ? "consoleDirectory.wouldAdd" : "consoleDirectory.added")}</dt>
        <dd class="v">{number(report.added)}</dd>
        <dd class="s">{name ?? report.domain}</dd>
      </div>
      <div class="fig">
        <dt>{t(report.dry_run ? "consoleDirectory.wouldRefuse" : "consoleDirectory.refused")}</dt>
        <dd class="v">{number(report.refused_lines)}</dd>
        <dd class="s">{report.refused_lines > 0 && <span class="w">{t("consoleDirectory.othersGo")}</span>}</dd>
      </div>
    </dl>
  );
}

function Refused({ report }: { report: Imported }) {
  if (report.refused.length === 0) return <p class="grow">{t(report.dry_run ? "consoleDirectory.allFine" : "consoleDirectory.allIn")}</p>;
  return <Table label={t("consoleDirectory.refusedLines")} rows={report.refused} keyOf={(l) => String(l.line)} columns={columns()} />;
}

function columns(): readonly Column<RefusedLine>[] {
  return [
    { id: "line", word: t("consoleDirectory.line"), width: "s", cell: (l) => <span class="num">{number(l.line)}</span> },
    { id: "sip", word: t("consoleDirectory.name"), width: "1", cell: (l) => <bdi class="mono">{l.sip ?? ""}</bdi> },
    { id: "field", word: t("consoleDirectory.column"), width: "m", more: true, cell: (l) => <span class="mono">{l.field ?? ""}</span> },
    { id: "text", word: t("consoleDirectory.why"), width: "3", cell: (l) => <span title={l.text}>{l.text}</span> },
  ];
}
