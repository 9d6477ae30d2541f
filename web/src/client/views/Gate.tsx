import { useEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Checkbox, Field } from "../../ui/Field.tsx";
import { Mark } from "../../ui/Icon.tsx";
import { openMenu } from "../../ui/Menu.tsx";
import { isString, setting } from "../../ui/settings.ts";
import { span } from "../../ui/format.ts";
import { chosenLanguage, language, languageNames, languages, t } from "../../i18n/index.ts";
import type { Branding, Model, SignInError } from "../model/types.ts";
import { homeDomain } from "../brand.ts";
import { GateArt } from "./GateArt.tsx";

const lastDomain = setting("domain", "", isString);
const lastName = setting("name", "", isString);

/** The sign-in page (mock 01): domain, name, password, and the second factor. */
export function Gate({ model }: { model: Model }) {
  const at = model.signIn.value;
  return (
    <div class="gate">
      <aside class="art">
        <GateArt />
      </aside>
      <main class="main">
        {at.step === "second-factor" ? <SecondFactor model={model} code={at.code} /> : <SignInForm model={model} />}
        <div class="foot">
          <span>{location.protocol === "https:" ? t("shell.gate.encrypted", { host: location.host }) : t("shell.gate.plain", { host: location.host })}</span>
          <LanguageKey />
        </div>
      </main>
    </div>
  );
}

function LanguageKey() {
  const choose = (e: MouseEvent) =>
    openMenu(
      e.currentTarget as Element,
      t("shell.gate.language"),
      languages.map((l) => ({ word: languageNames[l], checked: l === language.value, run: () => void (chosenLanguage.value = l) })),
    );
  return (
    <button type="button" class="lang" aria-haspopup="menu" aria-label={`${t("shell.gate.language")}: ${languageNames[language.value]}`} onClick={choose}>
      {languageNames[language.value]}
    </button>
  );
}

export function Brand({ branding }: { branding: Branding }) {
  return (
    <div class="wm">
      {branding.logo ? <img class="brand-logo" src={branding.logo} alt="" /> : <Mark />}
      <span dir="auto">{branding.name}</span>
    </div>
  );
}

function SignInForm({ model }: { model: Model }) {
  const at = model.signIn.value;
  const out = at.step === "out" ? at : undefined;
  const [domain, setDomain] = useState(out?.domain || lastDomain.peek() || homeDomain());
  const [name, setName] = useState(out?.name ?? lastName.peek());
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(true);
  const [shown, setShown] = useState(false);
  const [ask, setAsk] = useState(domain === "");
  const wait = useWait(out?.error);
  const first = useRef<HTMLInputElement>(null);
  const secret = useRef<HTMLInputElement>(null);
  useEffect(() => (name && !ask ? secret : first).current?.focus(), [ask]);
  useEffect(() => {
    if (out?.error?.code === "credentials") secret.current?.select();
  }, [out?.error]);
  const busy = at.step === "busy";
  const submit = (e: Event) => {
    e.preventDefault();
    if (busy || wait > 0) return;
    if (name.trim() === "") return first.current?.focus();
    if (password === "") return secret.current?.focus();
    lastDomain.value = domain.trim();
    lastName.value = remember ? name.trim() : "";
    void model.enter(domain.trim(), name.trim(), password, remember);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Brand branding={model.branding.value} />
      <h1>{t("shell.gate.title")}</h1>
      {ask ? (
        <Field large label={t("shell.gate.domain")} value={domain} onInput={setDomain} name="domain" autocomplete="organization" autocapitalize="none" spellcheck={false} inputRef={first} hint={t("shell.gate.domainHint")} required />
      ) : (
        <p class="lead">{t("shell.gate.lead", { domain })}</p>
      )}
      <Field large label={t("shell.gate.name")} value={name} onInput={setName} name="username" autocomplete="username" autocapitalize="none" spellcheck={false} inputRef={ask ? undefined : first} required />
      <Field
        large
        label={t("shell.gate.password")}
        type={shown ? "text" : "password"}
        value={password}
        onInput={setPassword}
        name="password"
        autocomplete="current-password"
        inputRef={secret}
        error={out?.error && errorText(out.error, wait)}
        end={<IconButton icon={shown ? "eyeOff" : "eye"} label={shown ? t("shell.gate.hide") : t("shell.gate.show")} onClick={() => setShown(!shown)} />}
        required
      />
      <Checkbox label={t("shell.gate.remember")} on={remember} onChange={setRemember} />
      <Button kind="pri" size="l" type="submit" disabled={busy || wait > 0} aria-busy={busy}>
        {busy ? t("shell.gate.busy") : t("shell.gate.enter")}
      </Button>
      {!ask && (
        <Button kind="txt" class="other" onClick={() => setAsk(true)}>
          {t("shell.gate.otherDomain")}
        </Button>
      )}
    </form>
  );
}

/** Seconds until one may try again, counted down. */
function useWait(error: SignInError | undefined): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (error?.code !== "wait" || error.wait === undefined) return setLeft(0);
    const end = Date.now() + error.wait * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 500);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}

function errorText(e: SignInError, wait: number): string {
  if (e.code === "wait" && e.wait === undefined) return t("shell.gate.error.later");
  if (e.code === "wait") return wait > 0 ? t("shell.gate.error.wait", { span: span(wait * 1000, "long") }) : t("shell.gate.error.waited");
  return t(`shell.gate.error.${e.code}`);
}

/** Another session of the person must allow this one; both show the code. */
function SecondFactor({ model, code }: { model: Model; code: string }) {
  return (
    <form class="factor" onSubmit={(e) => e.preventDefault()}>
      <Brand branding={model.branding.value} />
      <h1>{t("shell.gate.factorTitle")}</h1>
      <p class="lead">{t("shell.gate.factorLead")}</p>
      <p class="code" role="status" aria-label={t("shell.gate.code", { code: [...code].join(" ") })}>
        {[...code].map((digit, i) => (
          <span key={i}>{digit}</span>
        ))}
      </p>
      <p class="hint">{t("shell.gate.factorHint")}</p>
      <Button size="l" onClick={() => model.cancelEnter()}>
        {t("ui.cancel")}
      </Button>
    </form>
  );
}
