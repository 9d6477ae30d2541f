import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { ask as confirm, Dialog } from "../../../ui/Dialog.tsx";
import { Field, Select, SwitchRow } from "../../../ui/Field.tsx";
import { date } from "../../../ui/format.ts";
import { Skeleton } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, Problem, sentence, type Part } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { operator, you } from "../../session.ts";
import { roleWord } from "../../Shell.tsx";
import { complete, draftOf, grantOf, Grants, type Draft } from "./Grants.tsx";
import { Line, Secret } from "./parts.tsx";
import type { Token } from "./types.ts";

/** One's own API tokens; operators see those of everybody too. */
export function Tokens() {
  const [all, setAll] = useState(false);
  const [adding, setAdding] = useState(false);
  const poll = usePoll((signal) => ask<Part<Token>>("GET", ["tokens"], { query: { all: all || undefined }, signal }), 0, [all]);
  const revoke = async (x: Token) => {
    const sure = await confirm({ title: t("consoleSettings.tokens.revokeTitle", { name: x.name }), text: t("consoleSettings.tokens.revokeText"), act: t("consoleSettings.tokens.revoke"), bad: true });
    if (!sure) return;
    try {
      await ask("DELETE", ["tokens", x.id]);
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  const list = poll.value.value?.items;
  return (
    <section class="card">
      <h2>
        {t("consoleSettings.tabs.tokens")}
        <span class="r"><Button size="s" icon="add" onClick={() => setAdding(true)}>{t("consoleSettings.tokens.add")}</Button></span>
      </h2>
      <p class="hint">{t("consoleSettings.tokens.what")}</p>
      {operator.value && <SwitchRow label={t("consoleSettings.tokens.all")} on={all} onChange={setAll} />}
      {poll.error.value && <p class="err">{poll.error.value}</p>}
      {!list && !poll.error.value && <Skeleton kind="lines" count={3} />}
      {list?.length === 0 && <p class="hint">{t("consoleSettings.tokens.none")}</p>}
      {list?.map((x) => (
        <Line
          key={x.id}
          word={
            <>
              <b><bdi>{x.name}</bdi></b> {x.account !== you.value?.name && <bdi class="dim">{x.account}</bdi>}
            </>
          }
          hint={[x.grants.map(roleWord).join(", "), x.expires ? t("consoleSettings.tokens.until", { date: date(Date.parse(x.expires)) }) : t("consoleSettings.tokens.forEver"), x.used ? t("consoleSettings.tokens.used", { date: date(Date.parse(x.used)) }) : t("consoleSettings.tokens.unused")].join(" · ")}
        >
          <Button size="s" onClick={() => void revoke(x)}>{t("consoleSettings.tokens.revoke")}</Button>
        </Line>
      ))}
      {adding && (
        <NewToken
          onClose={() => {
            setAdding(false);
            poll.again();
          }}
        />
      )}
    </section>
  );
}

const days = ["7", "30", "90", "365", "0"] as const;
const dayLength = 86_400_000;

function NewToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [life, setLife] = useState<(typeof days)[number]>("90");
  const [grants, setGrants] = useState<readonly Draft[]>(you.value?.grants.map(draftOf) ?? []);
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const send = async (e: Event) => {
    e.preventDefault();
    const expires = life === "0" ? {} : { expires: new Date(Date.now() + Number(life) * dayLength).toISOString() };
    try {
      setSecret((await ask<{ secret: string }>("POST", ["tokens"], { body: { name: name.trim(), grants: grants.map(grantOf), ...expires } })).secret);
    } catch (e) {
      setProblem(e);
    }
  };
  const wrong = problem instanceof Problem ? problem.of("name") : undefined;
  if (secret)
    return (
      <Dialog title={name} onClose={onClose} foot={<Button kind="pri" onClick={onClose}>{t("consoleSettings.kept")}</Button>}>
        <p>{t("consoleSettings.tokens.once")}</p>
        <Secret label={t("consoleSettings.tokens.secret")} text={secret} />
      </Dialog>
    );
  return (
    <Dialog title={t("consoleSettings.tokens.add")} onClose={onClose}>
      <form class="form" onSubmit={(e) => void send(e)}>
        <Field label={t("consoleSettings.tokens.name")} hint={t("consoleSettings.tokens.nameHint")} value={name} onInput={setName} error={wrong} autocomplete="off" autofocus />
        <Select label={t("consoleSettings.tokens.life")} value={life} onChange={setLife} options={days.map((value) => ({ value, word: value === "0" ? t("consoleSettings.tokens.forEver") : t("consoleSettings.tokens.days", { count: Number(value) }) }))} />
        <Grants list={grants} onChange={setGrants} />
        {problem !== undefined && !wrong && <p class="err" role="alert">{sentence(problem)}</p>}
        <div class="form-acts">
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" type="submit" disabled={name.trim() === "" || grants.length === 0 || !complete(grants)}>{t("consoleSettings.tokens.add")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
