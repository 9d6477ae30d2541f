import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { ask as confirm } from "../../ui/Dialog.tsx";
import { date, number, percent, size } from "../../ui/format.ts";
import { Banner, Empty, Skeleton, Tag } from "../../ui/parts.tsx";
import { toast } from "../../ui/Toast.tsx";
import { ask, sentence, type Part } from "../api.ts";
import { usePoll } from "../poll.ts";
import { operator, writes } from "../session.ts";
import { Table, type Column } from "../Table.tsx";

interface Usage {
  readonly people: number;
  readonly conversations: number;
  readonly messages: number;
  readonly textBytes: number;
  readonly files: number;
  readonly fileBytes: number;
  readonly changes: number;
  readonly indexed: number;
}

interface Chats {
  readonly domain: string;
  readonly mode: "embedded" | "external" | "off";
  readonly state: string;
  readonly users: number;
  readonly storing: number;
  readonly connected: boolean;
  readonly why?: string;
  readonly since?: string;
  readonly usage?: Usage;
}

/** What is stored of the chats of each domain, and whether it is. */
export default function Storage() {
  const poll = usePoll((signal) => ask<Part<Chats>>("GET", ["messages"], { query: { usage: true }, signal }), 15_000);
  const removed = usePoll((signal) => (operator.value ? ask<Part<{ name: string }>>("GET", ["messages", "removed"], { signal }) : Promise.resolve({ items: [] })), 0);
  const list = poll.value.value?.items;
  const rebuild = async (c: Chats) => {
    const sure = await confirm({ title: t("consoleMessages.rebuildTitle", { domain: c.domain }), text: t("consoleMessages.rebuildText"), act: t("consoleMessages.rebuild") });
    if (!sure) return;
    try {
      await ask("POST", ["domains", c.domain, "messages", "search", "rebuild"], {});
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.storage")}</h1>
        {list && <span class="hint">{t(`consoleMessages.modes.${list[0]?.mode ?? "off"}`)}</span>}
      </header>
      <div class="body fill">
        {poll.error.value && <Banner cord="carmine" icon="offline" fact={poll.error.value} act={{ word: t("ui.tryAgain"), run: () => poll.again() }} />}
        {!list && !poll.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {list?.length === 0 && <Empty title={t("consoleMessages.noDomain")} />}
        {list && list.length > 0 && <Totals list={list} />}
        {list && list.length > 0 && <Table label={t("consoleMenu.pages.storage")} rows={list} keyOf={(c) => c.domain} columns={columns(writes.value ? rebuild : undefined)} />}
        {(removed.value.value?.items.length ?? 0) > 0 && <Removed names={removed.value.value?.items.map((r) => r.name) ?? []} again={() => removed.again()} />}
      </div>
    </>
  );
}

function Totals({ list }: { list: readonly Chats[] }) {
  const sum = (f: (u: Usage) => number) => list.reduce((n, c) => n + (c.usage ? f(c.usage) : 0), 0);
  const figures: readonly [string, string][] = [
    ["messages", number(sum((u) => u.messages))],
    ["conversations", number(sum((u) => u.conversations))],
    ["texts", size(sum((u) => u.textBytes))],
    ["files", number(sum((u) => u.files))],
    ["fileBytes", size(sum((u) => u.fileBytes))],
  ];
  return (
    <dl class="figs">
      {figures.map(([name, value]) => (
        <div class="fig" key={name}>
          <dt>{t(`consoleMessages.${name}`)}</dt>
          <dd class="v">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function StateTag({ c }: { c: Chats }) {
  const good = c.state === "stored" && c.connected;
  return (
    <Tag cord={good ? "fern" : c.state === "stored" ? "ochre" : undefined}>
      <span title={c.why}>{t(`consoleMessages.states.${c.state === "stored" && !c.connected ? "waiting" : c.state}`)}</span>
    </Tag>
  );
}

function columns(rebuild: ((c: Chats) => Promise<void>) | undefined): readonly Column<Chats>[] {
  const count = (id: keyof Usage, bytes = false): Column<Chats> => ({
    id, word: t(`consoleMessages.${id === "textBytes" ? "texts" : id}`), width: "m", num: true,
    cell: (c) => (c.usage ? (bytes ? size(c.usage[id]) : number(c.usage[id])) : "–"),
  });
  return [
    { id: "domain", word: t("consoleMessages.domain"), width: "2", cell: (c) => <bdi>{c.domain}</bdi> },
    { id: "state", word: t("consoleMessages.state"), width: "l", cell: (c) => <StateTag c={c} /> },
    { id: "storing", word: t("consoleMessages.people"), width: "m", num: true, cell: (c) => t("consoleMessages.of", { some: number(c.storing), all: number(c.users) }) },
    count("messages"), count("textBytes", true), count("files"), count("fileBytes", true),
    {
      id: "index", word: t("consoleMessages.index"), width: "l", num: true,
      cell: (c) => {
        if (!c.usage) return c.since ? date(Date.parse(c.since)) : "–";
        const part = c.usage.changes === 0 ? 1 : c.usage.indexed / c.usage.changes;
        return rebuild ? <button class="link" onClick={() => void rebuild(c)} title={t("consoleMessages.rebuild")}>{percent(Math.min(1, part))}</button> : percent(Math.min(1, part));
      },
    },
  ];
}

/** Domains that are gone and whose chats are still kept. */
function Removed({ names, again }: { names: readonly string[]; again: () => void }) {
  const drop = async (name: string) => {
    const sure = await confirm({ title: t("consoleMessages.forgetTitle", { name }), text: t("consoleMessages.forgetText"), act: t("consoleMessages.forget"), bad: true });
    if (!sure) return;
    try {
      await ask("DELETE", ["messages", "removed", name], { reason: "console" });
    } catch (e) {
      toast(sentence(e));
    }
    again();
  };
  return (
    <section class="card">
      <h2>{t("consoleMessages.removed")}</h2>
      <ul class="svc short">
        {names.map((name) => (
          <li key={name}>
            <bdi>{name}</bdi>
            <Button size="s" onClick={() => void drop(name)}>{t("consoleMessages.forget")}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
