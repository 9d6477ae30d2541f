import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Tag } from "../../../ui/parts.tsx";
import { ask, sentence } from "../../api.ts";
import { Line, Secret } from "./parts.tsx";
import type { Account, RecoveryCodes } from "./types.ts";

interface Enrolment {
  readonly secret: string;
  readonly uri: string;
}

type Step = { readonly step: "prove"; readonly act: Act } | { readonly step: "enrol"; readonly enrolment: Enrolment } | { readonly step: "codes"; readonly codes: readonly string[] };
type Act = "begin" | "codes" | "remove";

/** The second factor of one's own account: on, off, and the codes for when it is lost. */
export function SecondFactor({ mine, again }: { mine: Account; again: () => void }) {
  const [step, setStep] = useState<Step | undefined>();
  const close = () => {
    setStep(undefined);
    again();
  };
  return (
    <section class="card">
      <h2>{t("consoleSettings.factor.title")}</h2>
      <Line word={t(mine.second_factor ? "consoleSettings.factor.on" : "consoleSettings.factor.off")} hint={t("consoleSettings.factor.what")}>
        {mine.second_factor && <Tag cord="fern">{t("consoleSettings.factor.onTag")}</Tag>}
        <Button size="s" onClick={() => setStep({ step: "prove", act: mine.second_factor ? "remove" : "begin" })}>
          {t(mine.second_factor ? "consoleSettings.factor.remove" : "consoleSettings.factor.begin")}
        </Button>
      </Line>
      {mine.second_factor && (
        <Line word={t("consoleSettings.factor.codes")} hint={t("consoleSettings.factor.left", { count: mine.recovery_codes_left })}>
          <Button size="s" onClick={() => setStep({ step: "prove", act: "codes" })}>{t("consoleSettings.factor.newCodes")}</Button>
        </Line>
      )}
      {step?.step === "prove" && <Prove act={step.act} factor={mine.second_factor} onClose={() => setStep(undefined)} onDone={(next) => (next ? setStep(next) : close())} />}
      {step?.step === "enrol" && <Enrol enrolment={step.enrolment} onClose={() => setStep(undefined)} onDone={(codes) => setStep({ step: "codes", codes })} />}
      {step?.step === "codes" && (
        <Dialog title={t("consoleSettings.factor.codes")} onClose={close} foot={<Button kind="pri" onClick={close}>{t("consoleSettings.kept")}</Button>}>
          <p>{t("consoleSettings.factor.codesText")}</p>
          <Secret label={t("consoleSettings.factor.codes")} text={step.codes.join("\n")} />
        </Dialog>
      )}
    </section>
  );
}

/** Asks once more who sits before the browser. */
function Prove({ act, factor, onClose, onDone }: { act: Act; factor: boolean; onClose: () => void; onDone: (next: Step | undefined) => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [error, setError] = useState("");
  const send = async (e: Event) => {
    e.preventDefault();
    const body = { password, ...(factor && { code: code.trim() }) };
    try {
      if (act === "begin") return onDone({ step: "enrol", enrolment: await ask<Enrolment>("POST", ["me", "second-factor"], { body }) });
      if (act === "codes") return onDone({ step: "codes", codes: (await ask<RecoveryCodes>("POST", ["me", "recovery-codes"], { body })).codes });
      await ask("POST", ["me", "second-factor", "remove"], { body });
      onDone(undefined);
    } catch (e) {
      setError(sentence(e));
    }
  };
  const word = t(`consoleSettings.factor.${act === "codes" ? "newCodes" : act}`);
  return (
    <Dialog title={word} onClose={onClose}>
      <form class="form" onSubmit={(e) => void send(e)}>
        {act === "remove" && <p>{t("consoleSettings.factor.removeText")}</p>}
        {act === "codes" && <p>{t("consoleSettings.factor.newCodesText")}</p>}
        <Field label={t("consoleSettings.factor.password")} type="password" autocomplete="current-password" value={password} onInput={setPassword} autofocus dir="ltr" />
        {factor && <Field label={t("consoleMenu.signIn.code")} hint={t("consoleMenu.signIn.codeHint")} autocomplete="one-time-code" value={code} onInput={setCode} dir="ltr" />}
        {error && <p class="err" role="alert">{error}</p>}
        <div>
          <Button kind={act === "remove" ? "bad" : "pri"} type="submit" disabled={password === "" || (factor && code === "")}>{word}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The secret for the authenticator app, and the first code from it. */
function Enrol({ enrolment, onClose, onDone }: { enrolment: Enrolment; onClose: () => void; onDone: (codes: readonly string[]) => void }) {
  const [code, setCode] = useState("");
  const [error, setError] = useState("");
  const send = async (e: Event) => {
    e.preventDefault();
    try {
      onDone((await ask<RecoveryCodes>("POST", ["me", "second-factor", "confirm"], { body: { code: code.trim() } })).codes);
    } catch (e) {
      setError(sentence(e));
    }
  };
  return (
    <Dialog title={t("consoleSettings.factor.begin")} onClose={onClose}>
      <form class="form" onSubmit={(e) => void send(e)}>
        <p>{t("consoleSettings.factor.enrol")}</p>
        <Secret label={t("consoleSettings.factor.secret")} text={enrolment.secret.replace(/(.{4})(?=.)/g, "$1 ")} />
        <p><a href={enrolment.uri}>{t("consoleSettings.factor.link")}</a></p>
        <Secret label={t("consoleSettings.factor.uri")} text={enrolment.uri} />
        <Field label={t("consoleSettings.factor.first")} autocomplete="one-time-code" inputMode="numeric" value={code} onInput={setCode} error={error || undefined} dir="ltr" />
        <div>
          <Button kind="pri" type="submit" disabled={code.trim() === ""}>{t("consoleSettings.factor.confirm")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
