import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { ask as confirm } from "../../ui/Dialog.tsx";
import { Drawer } from "../../ui/Drawer.tsx";
import { dayAndClock, full, number, span } from "../../ui/format.ts";
import { Tag } from "../../ui/parts.tsx";
import { href } from "../../ui/route.ts";
import { toast } from "../../ui/Toast.tsx";
import { ask, sentence } from "../api.ts";
import { writes } from "../session.ts";
import type { Column } from "../Table.tsx";
import { LiveList } from "./live/list.tsx";

interface Call {
  readonly id: string;
  readonly kind: "chat" | "media" | "other";
  readonly domain: string;
  readonly from: string;
  readonly to: string;
  readonly answered: boolean;
  readonly kept: boolean;
  readonly inboxes: boolean;
  readonly legs: number;
  readonly texts: number;
  readonly since: string;
}

/** Calls and chats that exist now. */
export default function Calls() {
  return (
    <LiveList<Call>
      resource="calls"
      keyOf={(c) => c.id}
      words={(c) => `${c.id} ${c.kind} ${c.from} ${c.to} ${c.domain}`}
      valueOf={(c, column) => c[column as keyof Call] as string | number}
      columns={columns()}
      drawer={(c, close, again) => <Details c={c} onClose={close} again={again} />}
    />
  );
}

function State({ c }: { c: Call }) {
  if (c.inboxes) return <Tag cord="fern">{t("consoleLive.betweenInboxes")}</Tag>;
  return c.answered ? <Tag cord="fern">{t("consoleLive.connected")}</Tag> : <Tag cord="ochre">{t("consoleLive.ringing")}</Tag>;
}

function columns(): readonly Column<Call>[] {
  return [
    { id: "id", word: t("consoleLive.call"), width: "s", sort: true, cell: (c) => <span class="mono">{c.id}</span> },
    { id: "kind", word: t("consoleLive.kind"), width: "m", sort: true, cell: (c) => t(`consoleLive.kinds.${c.kind}`) },
    { id: "from", word: t("consoleLive.from"), width: "2", sort: true, cell: (c) => <bdi class="mono">{c.from}</bdi> },
    { id: "to", word: t("consoleLive.to"), width: "2", sort: true, cell: (c) => <bdi class="mono">{c.to}</bdi> },
    { id: "domain", word: t("consoleLive.domain"), width: "2", sort: true, cell: (c) => <bdi>{c.domain}</bdi> },
    { id: "answered", word: t("consoleLive.state"), width: "l", cell: (c) => <State c={c} /> },
    { id: "texts", word: t("consoleLive.texts"), width: "s", sort: true, num: true, cell: (c) => number(c.texts) },
    { id: "since", word: t("consoleLive.since"), width: "l", sort: true, num: true, cell: (c) => <span class="dim">{dayAndClock(Date.parse(c.since))}</span> },
  ];
}

function Details({ c, onClose, again }: { c: Call; onClose: () => void; again: () => void }) {
  const release = async () => {
    const sure = await confirm({
      title: t("consoleLive.releaseTitle", { call: c.id, from: c.from, to: c.to }),
      text: t(c.kind === "chat" ? "consoleLive.releaseChat" : "consoleLive.releaseCall"),
      act: t("consoleLive.release"),
      bad: true,
    });
    if (!sure) return;
    try {
      await ask("DELETE", ["domains", c.domain, "calls", c.id]);
      onClose();
    } catch (e) {
      toast(sentence(e));
    }
    again();
  };
  return (
    <Drawer
      title={t("consoleLive.ofCall", { call: c.id })}
      onClose={onClose}
      foot={writes.value && <Button onClick={() => void release()}>{t("consoleLive.release")}</Button>}
    >
      <div class="in-drawer">
        <State c={c} />
        <dl class="facts">
          <dt>{t("consoleLive.from")}</dt>
          <dd class="mono">{c.from}</dd>
          <dt>{t("consoleLive.to")}</dt>
          <dd class="mono">{c.to}</dd>
          <dt>{t("consoleLive.domain")}</dt>
          <dd>{c.domain}</dd>
          <dt>{t("consoleLive.kind")}</dt>
          <dd>{t(`consoleLive.kinds.${c.kind}`)}</dd>
          <dt>{t("consoleLive.legs")}</dt>
          <dd>{number(c.legs)}</dd>
          <dt>{t("consoleLive.texts")}</dt>
          <dd>{number(c.texts)}</dd>
          <dt>{t("consoleLive.since")}</dt>
          <dd>{`${full(Date.parse(c.since))} (${span(Date.now() - Date.parse(c.since))})`}</dd>
        </dl>
        <p>
          <a href={href("tracing", "call", c.id, c.domain)}>{t("consoleLive.traceCall")}</a>
        </p>
      </div>
    </Drawer>
  );
}
