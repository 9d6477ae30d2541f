import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../../ui/Button.tsx";
import { SwitchRow } from "../../../ui/Field.tsx";
import { clockSeconds } from "../../../ui/format.ts";
import { type ListHandle, VirtualList } from "../../../ui/VirtualList.tsx";
import { t } from "../../../i18n/index.ts";
import type { Model, TraceLine } from "../../model/types.ts";
import { save } from "../download.ts";

/** The client's own trace flags: App (what was sent and received) and Browser Console. */
export function Trace({ model }: { model: Model }) {
  const [texts, setTexts] = useState(false);
  const showTexts = (on: boolean) => {
    setTexts(on);
    model.setTraceTexts?.(on);
  };
  const flags = model.traceFlags.value;
  const lines = useLines(model);
  const list = useRef<ListHandle | null>(null);
  return (
    <>
      <p class="hint">{t("shell.settings.trace.text")}</p>
      <SwitchRow label={t("shell.settings.trace.app")} hint={t("shell.settings.trace.appHint")} on={flags.app} onChange={(on) => model.setTraceFlag("app", on)} />
      <SwitchRow label={t("shell.settings.trace.console")} hint={t("shell.settings.trace.consoleHint")} on={flags.console} onChange={(on) => model.setTraceFlag("console", on)} />
      {model.setTraceTexts && <SwitchRow label={t("shell.settings.trace.texts")} hint={t("shell.settings.trace.textsHint")} on={texts} disabled={!flags.app} onChange={showTexts} />}
      <div class="acts-row">
        <span class="hint num">{t("shell.settings.trace.count", { count: lines.length })}</span>
        <span class="grow" />
        <Button icon="download" disabled={lines.length === 0} onClick={() => download(model)}>{t("shell.settings.trace.download")}</Button>
      </div>
      {lines.length > 0 && (
        <VirtualList
          class="trace-lines"
          of={lines}
          count={lines.length}
          keyOf={(i) => String(i)}
          estimate={28}
          anchor="end"
          role="list"
          rowRole="listitem"
          label={t("shell.settings.trace.title")}
          tabIndex={0}
          handle={list}
          render={(i) => lines[i] && <TraceRow line={lines[i]} />}
        />
      )}
    </>
  );
}

function useLines(model: Model): readonly TraceLine[] {
  const [lines, setLines] = useState(() => [...model.trace()]);
  useEffect(() => {
    const timer = setInterval(() => setLines((old) => (old.length === model.trace().length && old[old.length - 1] === model.trace()[old.length - 1] ? old : [...model.trace()])), 500);
    return () => clearInterval(timer);
  }, [model]);
  return lines;
}

function TraceRow({ line }: { line: TraceLine }) {
  const way = line.out === undefined ? "" : line.out ? "→" : "←";
  return (
    <div class={line.out === undefined ? "trace-line" : line.out ? "trace-line out" : "trace-line in"}>
      <time>{clockSeconds(line.time)}</time>
      <span aria-label={line.out === undefined ? undefined : line.out ? t("shell.settings.trace.sent") : t("shell.settings.trace.received")}>{way}</span>
      <code dir="ltr">{line.text}</code>
    </div>
  );
}

function download(model: Model): void {
  const text = model
    .trace()
    .map((l) => `${new Date(l.time).toISOString()} ${l.flag}${l.out === undefined ? "" : l.out ? " →" : " ←"} ${l.text}\n`)
    .join("");
  save(new Blob([text], { type: "text/plain" }), `tandem-trace-${new Date().toISOString().slice(0, 19).replace(/:/g, "-")}.txt`);
}
