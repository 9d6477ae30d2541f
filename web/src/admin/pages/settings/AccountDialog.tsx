import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Field } from "../../../ui/Field.tsx";
import { ask, Problem, sentence } from "../../api.ts";
import { complete, draftOf, grantOf, Grants, type Draft } from "./Grants.tsx";
import type { Account } from "./types.ts";

/** A new account, or what may be changed of one: its grants, and a new password. */
export function AccountDialog({ account, onClose, onDone }: { account: Account | undefined; onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState(account?.name ?? "");
  const [password, setPassword] = useState("");
  const [grants, setGrants] = useState<readonly Draft[]>(account?.grants.map(draftOf) ?? []);
  const [problem, setProblem] = useState<unknown>();
  const send = async (e: Event) => {
    e.preventDefault();
    const body = { grants: grants.map(grantOf), ...(password && { password }) };
    try {
      if (account) await ask("PATCH", ["accounts", account.name], { body, rev: account.rev });
      else await ask("POST", ["accounts"], { body: { ...body, name: name.trim() } });
      onDone();
    } catch (e) {
      setProblem(e);
    }
  };
  const of = (field: string) => (problem instanceof Problem ? problem.of(field) : undefined);
  return (
    <Dialog title={account ? account.name : t("consoleSettings.admins.add")} onClose={onClose}>
      <form class="form" onSubmit={(e) => void send(e)}>
        {!account && <Field label={t("consoleSettings.admins.name")} hint={t("consoleSettings.admins.nameHint")} value={name} onInput={setName} error={of("name")} mono dir="ltr" autocomplete="off" autofocus />}
        <Field
          label={t(account ? "consoleSettings.account.newPassword" : "consoleSettings.factor.password")}
          hint={t(account ? "consoleSettings.admins.passwordHint" : "consoleSettings.account.newPasswordHint")}
          type="password"
          autocomplete="new-password"
          value={password}
          onInput={setPassword}
          error={of("password")}
          dir="ltr"
        />
        <Grants list={grants} onChange={setGrants} />
        {problem !== undefined && !of("name") && !of("password") && <p class="err" role="alert">{sentence(problem)}</p>}
        <div class="form-acts">
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" type="submit" disabled={!complete(grants) || (!account && (name.trim() === "" || password === ""))}>{t("ui.save")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
