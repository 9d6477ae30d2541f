import { useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Icon, Mark } from "../ui/Icon.tsx";
import { Problem, sentence } from "./api.ts";
import { signIn } from "./session.ts";

/** Asks who the administrator is; a code of the second factor when the switch wants one. */
export function SignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");

  const send = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setError("");
    try {
      await signIn(name.trim(), password, code.trim());
    } catch (e) {
      if (e instanceof Problem && e.code === "second_factor") {
        setAsked(true);
        if (code) setError(e.detail);
      } else if (e instanceof Problem && e.wait) {
        setError(t("consoleMenu.signIn.wait", { count: e.wait }));
      } else {
        setError(sentence(e));
      }
      setCode("");
    }
    setBusy(false);
  };

  return (
    <main class="gate plain">
      <div class="main">
        <form onSubmit={(e) => void send(e)}>
          <div class="wm">
            <Mark />
            Tandem
          </div>
          <h1>{t("consoleMenu.signIn.title")}</h1>
          <p class="lead">{t("consoleMenu.signIn.lead")}</p>
          <Field label={t("consoleMenu.signIn.name")} value={name} onInput={setName} large autocomplete="username" autofocus required dir="ltr" />
          <Field
            label={t("consoleMenu.signIn.password")}
            value={password}
            onInput={setPassword}
            large
            type={shown ? "text" : "password"}
            autocomplete="current-password"
            required
            dir="ltr"
            end={<IconButton icon={shown ? "eyeOff" : "eye"} label={t(shown ? "consoleMenu.signIn.hide" : "consoleMenu.signIn.show")} onClick={() => setShown(!shown)} />}
          />
          {asked && (
            <Field label={t("consoleMenu.signIn.code")} value={code} onInput={setCode} large hint={t("consoleMenu.signIn.codeHint")} autocomplete="one-time-code" inputMode="text" autofocus dir="ltr" />
          )}
          {error && (
            <div class="err" role="alert">
              <Icon name="warn" small />
              <span>{error}</span>
            </div>
          )}
          <Button kind="pri" size="l" type="submit" disabled={busy || !name || !password || (asked && !code)}>
            {t("consoleMenu.signIn.act")}
          </Button>
          <p class="hint">{t("consoleMenu.signIn.none")}</p>
        </form>
      </div>
    </main>
  );
}
