// The settings of a domain: names, how numbers are dialled, filters, and how its pages look.
import { useEffect, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { ask as confirm } from "../../../ui/Dialog.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { Field, SwitchRow } from "../../../ui/Field.tsx";
import { Banner } from "../../../ui/parts.tsx";
import { Tabs } from "../../../ui/Tabs.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence, type Problem } from "../../api.ts";
import { operator } from "../../session.ts";
import { BrandForm } from "./BrandForm.tsx";
import { changes, rebase } from "./draft.ts";
import { ListField } from "./ListField.tsx";
import { askReason, Coming, problemOf, Refusal } from "./parts.tsx";
import { mayManage } from "./place.ts";
import { FiltersForm, PlanForm } from "./PlanForm.tsx";
import type { Brand, DomainRow, Filter, Plan } from "./types.ts";

export interface DomainDraft {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly org: string;
  readonly default: boolean;
  readonly plan: Plan;
  readonly filters: readonly Filter[];
  readonly brand: Brand;
}

export const domainDraft = (d: DomainRow): DomainDraft => ({ name: d.name, hosts: d.hosts, org: d.org ?? "", default: d.default, plan: d.plan ?? {}, filters: d.filters ?? [], brand: d.brand ?? {} });

type Tab = "general" | "plan" | "filters" | "brand";

export interface DomainDrawerProps {
  name: string;
  onClose: () => void;
  onChanged: (d: DomainRow) => void;
  onGone: () => void;
}

export function DomainDrawer(p: DomainDrawerProps) {
  const [d, setDomain] = useState<DomainRow | undefined>();
  const [error, setError] = useState<string | undefined>();
  useEffect(() => {
    let live = true;
    ask<DomainRow>("GET", ["domains", p.name]).then(
      (found) => live && setDomain(found),
      (e: unknown) => live && setError(sentence(e)),
    );
    return () => {
      live = false;
    };
  }, [p.name]);
  if (d) return <Open {...p} d={d} onSaved={(saved) => (setDomain(saved), p.onChanged(saved))} />;
  if (error === undefined) return <Coming onClose={p.onClose} />;
  return (
    <Drawer title={p.name} onClose={p.onClose}>
      <div class="in-drawer">
        <Banner cord="carmine" icon="warn" fact={error} />
      </div>
    </Drawer>
  );
}

function Open({ d, onClose, onSaved, onGone }: DomainDrawerProps & { d: DomainRow; onSaved: (d: DomainRow) => void }) {
  const [tab, setTab] = useState<Tab>("general");
  const [before, setBefore] = useState(() => domainDraft(d));
  const [draft, setDraft] = useState(before);
  const [problem, setProblem] = useState<Problem | undefined>();
  const change = changes(before, draft);
  const dirty = Object.keys(change).length > 0;
  const writes = mayManage(d);
  const set = (part: Partial<DomainDraft>) => setDraft((x) => ({ ...x, ...part }));
  const settle = (fresh: DomainRow) => {
    setBefore(domainDraft(fresh));
    setDraft(domainDraft(fresh));
    setProblem(undefined);
  };
  const save = async () => {
    try {
      const saved = await ask<DomainRow>("PATCH", ["domains", d.name], { body: change, rev: d.rev });
      settle(saved);
      onSaved(saved);
      toast(t("consoleDirectory.saved", { name: saved.name }));
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  const reload = async () => {
    try {
      const fresh = await ask<DomainRow>("GET", ["domains", d.name]);
      setDraft(rebase(before, draft, domainDraft(fresh)).draft);
      setBefore(domainDraft(fresh));
      setProblem(undefined);
      onSaved(fresh);
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  const remove = async () => {
    const reason = await askReason({ title: t("consoleDomains.removeTitle", { name: d.name }), text: t("consoleDomains.removeText"), act: t("consoleDomains.remove"), needed: true, repeat: d.name });
    if (reason === undefined) return;
    try {
      await ask("DELETE", ["domains", d.name], { rev: d.rev, reason });
      toast(t("consoleDomains.removed", { name: d.name }));
      onGone();
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  const close = async () => {
    if (!dirty || (await confirm({ title: t("consoleMenu.unsaved"), text: t("consoleMenu.unsavedText"), act: t("consoleMenu.discard"), bad: true }))) onClose();
  };
  return (
    <Drawer
      title={<><bdi>{d.name}</bdi><small class="hint">{[d.default && t("consoleDomains.default"), d.org].filter(Boolean).join(" · ")}</small></>}
      onClose={() => void close()}
      foot={
        writes && (
          <>
            <Button kind="pri" disabled={!dirty} onClick={() => void save()}>{t("ui.save")}</Button>
            {dirty && <Button kind="txt" onClick={() => settle(d)}>{t("consoleMenu.discard")}</Button>}
            <span class="grow" />
            <Button kind="txt" icon="trash" class="destroys" onClick={() => void remove()}>{t("consoleDomains.remove")}</Button>
          </>
        )
      }
    >
      <Tabs label={t("consoleDirectory.partsOf", { name: d.name })} value={tab} tabs={(["general", "plan", "filters", "brand"] as const).map((value) => ({ value, word: t(`consoleDomains.tabs.${value}`) }))} onChange={setTab} class="form">
        {problem?.code === "stale" && <Banner cord="ochre" icon="warn" fact={t("consoleDomains.stale")} act={{ word: t("consoleDirectory.reload"), run: () => void reload() }}>{t("consoleDirectory.staleText")}</Banner>}
        <Refusal problem={problem} shown={tab === "general" ? ["hosts", "org"] : []} />
        {tab === "general" && <General draft={draft} set={set} problem={problem} readOnly={!writes} wasDefault={d.default} />}
        {tab === "plan" && <PlanForm domain={d.name} plan={draft.plan} set={(plan) => set({ plan })} readOnly={!writes} />}
        {tab === "filters" && <FiltersForm filters={draft.filters} set={(filters) => set({ filters })} readOnly={!writes} />}
        {tab === "brand" && <BrandForm brand={draft.brand} set={(brand) => set({ brand })} readOnly={!writes} />}
      </Tabs>
    </Drawer>
  );
}

function General({ draft, set, problem, readOnly, wasDefault }: { draft: DomainDraft; set: (part: Partial<DomainDraft>) => void; problem: Problem | undefined; readOnly: boolean; wasDefault: boolean }) {
  const ofAll = !operator.value; // concerns other domains too
  return (
    <>
      <Field label={t("consoleDirectory.name")} hint={t("consoleDomains.renameHint")} value={draft.name} onInput={(name) => set({ name })} readOnly={readOnly} mono autocomplete="off" spellcheck={false} />
      <ListField label={t("consoleDomains.hosts")} hint={t("consoleDomains.hostsHint")} value={draft.hosts} onInput={(hosts) => set({ hosts })} error={problem?.of("hosts")} readOnly={readOnly} mono />
      <Field label={t("consoleDomains.org")} hint={t("consoleDomains.orgHint")} value={draft.org} onInput={(org) => set({ org })} error={problem?.of("org")} readOnly={readOnly || ofAll} autocomplete="off" />
      {(!ofAll || wasDefault) && <SwitchRow label={t("consoleDomains.makeDefault")} hint={t(wasDefault ? "consoleDomains.isDefault" : "consoleDomains.defaultHint")} on={draft.default} disabled={readOnly || wasDefault || ofAll} onChange={(on) => set({ default: on })} />}
    </>
  );
}
