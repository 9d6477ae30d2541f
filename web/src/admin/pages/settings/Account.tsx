import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { deviceName } from "../../../ui/device.ts";
import { Field } from "../../../ui/Field.tsx";
import { date, dayAndClock } from "../../../ui/format.ts";
import { Banner, Skeleton, Tag } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, Problem, sentence, type Part } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { signOut } from "../../session.ts";
import { roleWord } from "../../Shell.tsx";
import { SecondFactor } from "./SecondFactor.tsx";
import { Line } from "./parts.tsx";
import type { Account as Mine, AdminSession } from "./types.ts";

/** Who one is, the password, the second factor, the sessions. */
export function Account() {
  const me = usePoll((signal) => ask<Mine>("GET", ["me"], { signal }), 0);
  const mine = me.value.value;
  if (me.error.value) return <Banner cord="carmine" icon="offline" fact={me.error.value} act={{ word: t("ui.tryAgain"), run: () => me.again() }} />;
  if (!mine) return <Skeleton kind="lines" late={t("ui.loadingLong")} />;
  return (
    <>
      <section class="card">
        <h2><bdi>{mine.name}</bdi></h2>
        <dl class="facts set-facts">
          <dt>{t("consoleSettings.account.may")}</dt>
          <dd>{mine.grants.map(roleWord).join(", ") || t("consoleSettings.account.mayNothing")}</dd>
          <dt>{t("consoleSettings.account.passwordSince")}</dt>
          <dd>{date(Date.parse(mine.password_changed))}</dd>
          {mine.last_login && <dt>{t("consoleSettings.account.lastLogin")}</dt>}
          {mine.last_login && <dd>{dayAndClock(Date.parse(mine.last_login))}</dd>}
        </dl>
      </section>
      <Password again={() => me.again()} />
      <SecondFactor mine={mine} again={() => me.again()} />
      <Sessions />
    </>
  );
}

function Password({ again }: { again: () => void }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [repeat, setRepeat] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const differs = repeat !== "" && repeat !== next;
  const send = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await ask("PUT", ["me", "password"], { body: { old, new: next } });
      setOld("");
      setNext("");
      setRepeat("");
      toast(t("consoleSettings.account.passwordDone"));
      again();
    } catch (e) {
      setProblem(e);
    }
    setBusy(false);
  };
  const of = (field: string) => (problem instanceof Problem ? problem.of(field) : undefined);
  return (
    <section class="card">
      <h2>{t("consoleSettings.account.password")}</h2>
      <form class="form" onSubmit={(e) => void send(e)}>
        <Field label={t("consoleSettings.account.oldPassword")} type="password" autocomplete="current-password" value={old} onInput={setOld} error={of("old")} dir="ltr" />
        <Field label={t("consoleSettings.account.newPassword")} hint={t("consoleSettings.account.newPasswordHint")} type="password" autocomplete="new-password" value={next} onInput={setNext} error={of("new")} dir="ltr" />
        <Field label={t("consoleSettings.account.repeat")} type="password" autocomplete="new-password" value={repeat} onInput={setRepeat} error={differs ? t("consoleSettings.account.differs") : undefined} dir="ltr" />
        {problem !== undefined && !of("old") && !of("new") && <p class="err" role="alert">{sentence(problem)}</p>}
        <div>
          <Button type="submit" disabled={busy || old === "" || next === "" || repeat !== next}>{t("consoleSettings.account.changePassword")}</Button>
        </div>
      </form>
    </section>
  );
}

function Sessions() {
  const poll = usePoll((signal) => ask<Part<AdminSession>>("GET", ["me", "sessions"], { signal }), 15_000);
  const end = async (s: AdminSession) => {
    if (s.current) return void signOut();
    try {
      await ask("DELETE", ["me", "sessions", s.id]);
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  return (
    <section class="card">
      <h2>{t("consoleSettings.account.sessions")}</h2>
      {poll.error.value && <p class="err">{poll.error.value}</p>}
      {poll.value.value?.items.map((s) => (
        <Line
          key={s.id}
          word={<bdi title={s.user_agent}>{s.user_agent ? deviceName(s.user_agent) : t("consoleSettings.account.unknownBrowser")}</bdi>}
          hint={t("consoleSettings.account.session", { from: s.from, since: dayAndClock(Date.parse(s.created)), used: dayAndClock(Date.parse(s.used)) })}
        >
          {s.current && <Tag cord="fern">{t("consoleSettings.account.thisOne")}</Tag>}
          <Button size="s" onClick={() => void end(s)}>{t(s.current ? "consoleMenu.signOut" : "consoleSettings.account.end")}</Button>
        </Line>
      ))}
    </section>
  );
}
