import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { date, number, size } from "../../ui/format.ts";
import { Banner, Empty, Skeleton } from "../../ui/parts.tsx";
import { toast } from "../../ui/Toast.tsx";
import { ask, Problem, sentence, type Part } from "../api.ts";
import { DomainChoice, useDomain } from "../domainChoice.tsx";
import { usePoll, type Polled } from "../poll.ts";
import { writes } from "../session.ts";
import { Holds } from "./messages/Holds.tsx";

export interface Rule {
  readonly conversation?: number;
  readonly messages_days: number;
  readonly files_days: number;
  readonly changed?: string;
}

interface Count {
  readonly messages: number;
  readonly files: number;
  readonly bytes: number;
  readonly held: number;
}

interface Report {
  readonly total: Count;
  readonly more: boolean;
  readonly rules: readonly { readonly rule: Rule; readonly count: Count }[];
}

/** How long messages and files are kept: rules with a dry run, and what must not be deleted. */
export default function Retention() {
  const { domains, domain, error } = useDomain();
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.retention")}</h1>
        <DomainChoice domains={domains} domain={domain} />
      </header>
      <div class="body">
        {error && <Banner cord="carmine" icon="offline" fact={error} />}
        {domains?.length === 0 && <Empty title={t("consoleMessages.noDomain")} />}
        {domain && <Rules key={domain} domain={domain} />}
        {domain && <Holds key={`h ${domain}`} domain={domain} />}
      </div>
    </>
  );
}

function Rules({ domain }: { domain: string }) {
  const rules = usePoll((signal) => ask<Part<Rule>>("GET", ["domains", domain, "messages", "retention"], { signal }), 0);
  const [edited, setEdited] = useState<Rule | undefined>();
  const list = rules.value.value?.items;
  const drop = async (r: Rule) => {
    try {
      await ask("DELETE", ["domains", domain, "messages", "retention"], { query: { conversation: r.conversation }, reason: t("consoleMessages.byConsole") });
      toast(t("consoleMessages.ruleDropped"), { word: t("ui.undo"), run: () => void put(domain, r).then(() => rules.again()) });
    } catch (e) {
      toast(sentence(e));
    }
    rules.again();
  };
  return (
    <section class="card">
      <h2>
        {t("consoleMessages.rules")}
        <span class="r">{writes.value && <Button size="s" icon="add" onClick={() => setEdited({ messages_days: 365, files_days: 90 })}>{t("consoleMessages.newRule")}</Button>}</span>
      </h2>
      {rules.error.value && <p class="err">{rules.error.value}</p>}
      {!list && !rules.error.value && <Skeleton kind="lines" count={3} />}
      {list?.length === 0 && <p class="hint">{t("consoleMessages.noRule")}</p>}
      <ul class="svc rules">
        {list?.map((r) => (
          <li key={r.conversation ?? 0}>
            <span>{r.conversation ? t("consoleMessages.ofConversation", { id: r.conversation }) : t("consoleMessages.ofAll")}</span>
            <span class="num">{t("consoleMessages.messagesFor", { time: days(r.messages_days) })}</span>
            <span class="num">{t("consoleMessages.filesFor", { time: days(r.files_days) })}</span>
            <span class="num dim">{r.changed && date(Date.parse(r.changed))}</span>
            {writes.value && (
              <span class="acts-in">
                <IconButton icon="edit" label={t("consoleMessages.editRule")} onClick={() => setEdited(r)} />
                <IconButton icon="trash" label={t("consoleMessages.dropRule")} onClick={() => void drop(r)} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {(list?.length ?? 0) > 0 && <DryRun domain={domain} rules={rules} />}
      {edited && (
        <RuleDialog
          domain={domain}
          rule={edited}
          onClose={() => setEdited(undefined)}
          onDone={() => {
            setEdited(undefined);
            rules.again();
          }}
        />
      )}
    </section>
  );
}

/** A number of days in words; 0 is for ever. */
export function days(n: number): string {
  return n === 0 ? t("consoleMessages.forEver") : t("consoleMessages.days", { count: n, shown: number(n) });
}

function put(domain: string, rule: Rule): Promise<Rule> {
  const { changed: _, ...body } = rule;
  return ask<Rule>("PUT", ["domains", domain, "messages", "retention"], { body, reason: t("consoleMessages.byConsole") });
}

interface RuleDialogProps {
  domain: string;
  rule: Rule;
  onClose: () => void;
  onDone: () => void;
}

function RuleDialog({ domain, rule, onClose, onDone }: RuleDialogProps) {
  const [conversation, setConversation] = useState(rule.conversation ? String(rule.conversation) : "");
  const [messages, setMessages] = useState(String(rule.messages_days));
  const [files, setFiles] = useState(String(rule.files_days));
  const [problem, setProblem] = useState<unknown>();
  const send = async () => {
    try {
      await put(domain, { ...(conversation && { conversation: Number(conversation) }), messages_days: Number(messages), files_days: Number(files) });
      onDone();
    } catch (e) {
      setProblem(e);
    }
  };
  const of = (field: string) => (problem instanceof Problem ? problem.of(field) : undefined);
  return (
    <Dialog
      title={t("consoleMessages.rule")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" onClick={() => void send()}>{t("ui.save")}</Button>
        </>
      }
    >
      <div class="form">
        <Field label={t("consoleMessages.conversation")} value={conversation} onInput={setConversation} hint={t("consoleMessages.conversationHint")} inputMode="numeric" error={of("conversation")} />
        <div class="two">
          <Field label={t("consoleMessages.messageDays")} value={messages} onInput={setMessages} hint={t("consoleMessages.zero")} type="number" min={0} error={of("messages_days")} />
          <Field label={t("consoleMessages.fileDays")} value={files} onInput={setFiles} hint={t("consoleMessages.zero")} type="number" min={0} error={of("files_days")} />
        </div>
        {problem !== undefined && !(problem instanceof Problem && problem.errors.length > 0) && <p class="err" role="alert">{sentence(problem)}</p>}
      </div>
    </Dialog>
  );
}

/** Says what the rules would delete now, and does it in a second step. */
function DryRun({ domain, rules }: { domain: string; rules: Polled<unknown> }) {
  const [report, setReport] = useState<Report | undefined>();
  const [done, setDone] = useState<Report | undefined>();
  const [busy, setBusy] = useState(false);
  const run = async (really: boolean) => {
    setBusy(true);
    try {
      if (really) {
        setDone(await ask<Report>("POST", ["domains", domain, "messages", "retention", "run"], { reason: t("consoleMessages.byConsole") }));
        setReport(undefined);
        rules.again();
      } else {
        setDone(undefined);
        setReport(await ask<Report>("GET", ["domains", domain, "messages", "retention", "preview"]));
      }
    } catch (e) {
      toast(sentence(e));
    }
    setBusy(false);
  };
  return (
    <div class="dryrun">
      <Button icon="eye" disabled={busy} onClick={() => void run(false)}>{t("consoleMessages.dryRun")}</Button>
      {report && <p role="status">{t("consoleMessages.wouldDelete", words(report.total))}</p>}
      {done && <p role="status">{t(done.more ? "consoleMessages.deletedMore" : "consoleMessages.deleted", words(done.total))}</p>}
      {report && writes.value && report.total.messages + report.total.files > 0 && (
        <Button kind="bad" disabled={busy} onClick={() => void run(true)}>{t("consoleMessages.deleteNow")}</Button>
      )}
    </div>
  );
}

function words(c: Count): Record<string, string> {
  return { messages: number(c.messages), files: number(c.files), bytes: size(c.bytes), held: number(c.held) };
}
