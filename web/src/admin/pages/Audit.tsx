import { useMemo, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Drawer } from "../../ui/Drawer.tsx";
import { Select } from "../../ui/Field.tsx";
import { dayAndClock, full, number } from "../../ui/format.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useKeys } from "../../ui/keys.ts";
import { openMenu } from "../../ui/Menu.tsx";
import { Banner, Empty, Skeleton, Tag } from "../../ui/parts.tsx";
import { route } from "../../ui/route.ts";
import { toast } from "../../ui/Toast.tsx";
import { ask, download, Problem, sentence } from "../api.ts";
import { useList } from "../list.ts";
import { Table, type Column } from "../Table.tsx";
import type { AuditEntry } from "../types.ts";

type Outcome = "" | "done" | "refused" | "failed" | "begun";

/** Who did what, and whether the log is whole. */
export default function Audit() {
  const [, objectID = ""] = route.value; // #/audit/object-17 comes from an object
  const [actor, setActor] = useState("");
  const [act, setAct] = useState("");
  const [outcome, setOutcome] = useState<Outcome>("");
  const [open, setOpen] = useState<number | undefined>();
  const box = useRef<HTMLInputElement>(null);
  const query = useMemo(() => ({ actor, act, outcome, object: objectID }), [actor, act, outcome, objectID]);
  const list = useList<AuditEntry>(["audit"], { ...query, limit: 200 }, [query]);
  const rows = list.items.value;
  const entry = rows.find((e) => e.number === open);
  useKeys(() => [{ keys: "/", word: () => t("consoleAudit.actor"), run: () => box.current?.focus() }]);
  const save = (format: "json" | "csv") => {
    void download(["audit", "export"], { ...query }, `audit.${format === "json" ? "jsonl" : "csv"}`).catch((e: unknown) => toast(sentence(e)));
  };
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.audit")}</h1>
        <span class="grow" />
        <Verify />
        <Button icon="download" onClick={(e) => openMenu(e.currentTarget, t("consoleAudit.download"), [{ word: t("consoleAudit.asJson"), icon: "code", run: () => save("json") }])}>
          {t("consoleAudit.download")}
        </Button>
      </header>
      <div class="body fill">
        {list.error.value && <Banner cord="carmine" icon="offline" fact={list.error.value} act={{ word: t("ui.tryAgain"), run: () => list.again() }} />}
        <div class="toolbar wrap">
          <label class="search">
            <Icon name="person" small />
            <input ref={box} value={actor} aria-label={t("consoleAudit.actor")} placeholder={t("consoleAudit.actor")} onInput={(e) => setActor(e.currentTarget.value.trim())} />
            <span class="kbd">/</span>
          </label>
          <label class="search">
            <Icon name="filter" small />
            <input class="mono" value={act} aria-label={t("consoleAudit.act")} placeholder="object.set" dir="ltr" onInput={(e) => setAct(e.currentTarget.value.trim())} />
          </label>
          <Select<Outcome>
            bare
            label={t("consoleAudit.outcome")}
            value={outcome}
            onChange={setOutcome}
            options={(["", "done", "refused", "failed", "begun"] as const).map((value) => ({ value, word: t(`consoleAudit.outcomes.${value || "all"}`) }))}
          />
        </div>
        {!list.loaded.value && !list.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {list.loaded.value && rows.length === 0 && <Empty title={t("consoleAudit.none")} />}
        {rows.length > 0 && (
          <Table
            label={t("consoleMenu.pages.audit")}
            rows={rows}
            keyOf={(e) => String(e.number)}
            columns={columns()}
            open={open === undefined ? undefined : String(open)}
            onOpen={(e) => setOpen(e.number)}
            onEnd={list.more}
          />
        )}
      </div>
      {entry && <Entry e={entry} onClose={() => setOpen(undefined)} />}
    </>
  );
}

export function OutcomeTag({ outcome, code }: { outcome: string; code: string | undefined }) {
  const cord = outcome === "done" ? "fern" : outcome === "begun" ? "ochre" : "carmine";
  return (
    <Tag cord={cord}>
      {t(`consoleAudit.outcomes.${outcome}`)}
      {code && ` (${code})`}
    </Tag>
  );
}

function columns(): readonly Column<AuditEntry>[] {
  return [
    { id: "number", word: t("consoleAudit.number"), width: "s", num: true, cell: (e) => number(e.number) },
    { id: "time", word: t("consoleAudit.time"), width: "l", cell: (e) => <span class="dim">{dayAndClock(Date.parse(e.time))}</span> },
    { id: "actor", word: t("consoleAudit.actor"), width: "1", cell: (e) => <bdi>{e.actor.name || t(`consoleAudit.kinds.${e.actor.kind}`)}</bdi> },
    { id: "act", word: t("consoleAudit.act"), width: "1", cell: (e) => <span class="mono">{e.act}</span> },
    { id: "object", word: t("consoleAudit.object"), width: "2", cell: (e) => <bdi>{[e.object.name, e.domain.name].filter(Boolean).join(", ")}</bdi> },
    { id: "outcome", word: t("consoleAudit.outcome"), width: "l", cell: (e) => <OutcomeTag outcome={e.outcome} code={e.code} /> },
  ];
}

function Entry({ e, onClose }: { e: AuditEntry; onClose: () => void }) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["time", full(Date.parse(e.time))],
    ["actor", e.actor.name || t(`consoleAudit.kinds.${e.actor.kind}`)],
    ["from", e.from],
    ["domain", e.domain.name],
    ["object", e.object.name],
    ["reason", e.reason],
  ];
  return (
    <Drawer title={<span class="mono">{e.act}</span>} onClose={onClose}>
      <div class="in-drawer">
        <OutcomeTag outcome={e.outcome} code={e.code} />
        <dl class="facts">
          {facts.map(([name, value]) =>
            value ? (
              <>
                <dt key={name}>{t(`consoleAudit.${name}`)}</dt>
                <dd>
                  <bdi>{value}</bdi>
                </dd>
              </>
            ) : null,
          )}
        </dl>
        <Details e={e} />
      </div>
    </Drawer>
  );
}

/** What was changed, from what, to what. */
export function Details({ e }: { e: AuditEntry }) {
  if (!e.details || e.details.length === 0) return null;
  return (
    <table class="diff">
      <thead>
        <tr>
          <th scope="col">{t("consoleAudit.member")}</th>
          <th scope="col">{t("consoleAudit.before")}</th>
          <th scope="col">{t("consoleAudit.after")}</th>
        </tr>
      </thead>
      <tbody>
        {e.details.map((d) => (
          <tr key={d.name}>
            <th scope="row" class="mono">{d.name}</th>
            <td>
              <bdi>{d.old}</bdi>
            </td>
            <td>
              <bdi>{d.new}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Report {
  readonly rows: number;
  readonly head: string;
  readonly signed: number;
  readonly gaps: number;
  readonly fault?: { readonly kind: string; readonly first: number; readonly last: number; readonly detail: string };
}

/** Looks through the whole log: every hash, and every signed head. */
function Verify() {
  const [state, setState] = useState<{ busy?: boolean; report?: Report; error?: string }>({});
  const run = async () => {
    setState({ busy: true });
    try {
      setState({ report: await ask<Report>("GET", ["audit", "verify"]) });
    } catch (e) {
      setState({ error: e instanceof Problem ? e.detail : sentence(e) });
    }
  };
  const r = state.report;
  return (
    <>
      {r && !r.fault && <Tag cord="fern" lamp="open">{t("consoleAudit.whole", { rows: number(r.rows), signed: number(r.signed) })}</Tag>}
      {r?.fault && <Tag cord="carmine" lamp="bad">{t("consoleAudit.fault", { first: number(r.fault.first), last: number(r.fault.last), detail: r.fault.detail })}</Tag>}
      {state.error && <Tag cord="carmine">{state.error}</Tag>}
      <Button icon="audit" disabled={state.busy} onClick={() => void run()}>{t(state.busy ? "consoleAudit.verifying" : "consoleAudit.verify")}</Button>
    </>
  );
}
