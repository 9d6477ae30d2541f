import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Field, Select, SwitchRow } from "../../../ui/Field.tsx";
import { Icon } from "../../../ui/Icon.tsx";
import { Problem, sentence } from "../../api.ts";
import { durations, switchOff, switchOn, type Duration, type Flag, type Rule, type Scope } from "./rules.ts";

export interface ScopeDialogProps {
  flag: Flag;
  scope: Scope;
  /** The trace that the new one takes the place of. */
  old?: Rule | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** Asks where and how long a flag holds, and whether with the words of people. */
export function ScopeDialog({ flag, scope: start, old, onClose, onDone }: ScopeDialogProps) {
  const [scope, setScope] = useState(start);
  const [time, setTime] = useState<Duration>("30m");
  const [content, setContent] = useState(false);
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const field = (name: keyof Scope) => ({
    label: t(`consoleTracing.scope.${name}`),
    value: scope[name],
    onInput: (value: string) => setScope({ ...scope, [name]: value.trim() }),
    error: problem instanceof Problem ? problem.of(name) : undefined,
    mono: true,
    dir: "ltr" as const,
  });
  const send = async () => {
    try {
      await switchOn({ flag, scope, for: time, content, reason });
      if (old) await switchOff(old);
      onDone();
    } catch (e) {
      setProblem(e);
    }
  };
  const named = problem instanceof Problem && problem.errors.length > 0;
  return (
    <Dialog
      title={flag.replace("/", " / ")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" disabled={content && reason.trim() === ""} onClick={() => void send()}>
            {t("consoleTracing.switchOn")}
          </Button>
        </>
      }
    >
      <div class="form">
        <p class="hint">{t("consoleTracing.narrow")}</p>
        <div class="two">
          <Field {...field("domain")} />
          <Field {...field("user")} />
          <Field {...field("connection")} />
          <Field {...field("call")} />
        </div>
        <Select
          label={t("consoleTracing.duration")}
          value={time}
          onChange={setTime}
          options={durations.map((value) => ({ value, word: t(`consoleTracing.durations.${value}`) }))}
        />
        <SwitchRow label={t("consoleTracing.content")} hint={t("consoleTracing.contentHint")} on={content} onChange={setContent} />
        {content && <Field label={t("consoleTracing.reason")} value={reason} onInput={setReason} hint={t("consoleTracing.reasonHint")} required />}
        {problem !== undefined && !named && (
          <div class="err" role="alert">
            <Icon name="warn" small />
            <span>{sentence(problem)}</span>
          </div>
        )}
      </div>
    </Dialog>
  );
}
