// An object, open beside the list.
import { useEffect, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Avatar } from "../../../ui/Avatar.tsx";
import { Button } from "../../../ui/Button.tsx";
import { ask as confirm } from "../../../ui/Dialog.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { useKeys } from "../../../ui/keys.ts";
import { Banner } from "../../../ui/parts.tsx";
import { Tabs } from "../../../ui/Tabs.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence, type Problem } from "../../api.ts";
import { removeObject, restoreObject } from "./acts.ts";
import { DevicesTab } from "./DevicesTab.tsx";
import { changes, draftOf, emptyDraft, rebase, type Draft } from "./draft.ts";
import { General, generalFields } from "./General.tsx";
import { HistoryTab } from "./HistoryTab.tsx";
import type { Lookups } from "./lookups.ts";
import { askReason, Coming, problemOf, Refusal } from "./parts.tsx";
import { writesHere } from "./place.ts";
import { Rights, rightsFields } from "./Rights.tsx";
import type { DirectoryObject, DomainRow } from "./types.ts";

type Tab = "general" | "devices" | "rights" | "history";

export interface ObjectDrawerProps {
  id: string;
  /** What is shown first. */
  tab?: Tab;
  domain: DomainRow;
  lookups: Lookups;
  onClose: () => void;
  onChanged: (o: DirectoryObject) => void;
  onGone: () => void;
}

export function ObjectDrawer({ id, tab, domain, lookups, onClose, onChanged, onGone }: ObjectDrawerProps) {
  const [o, setObject] = useState<DirectoryObject | undefined>();
  const [error, setError] = useState<string | undefined>();
  const load = () => ask<DirectoryObject>("GET", ["domains", domain.name, "objects", `id:${id}`]);
  useEffect(() => {
    let live = true;
    load().then(
      (found) => live && setObject(found),
      (e: unknown) => live && setError(sentence(e)),
    );
    return () => {
      live = false;
    };
  }, [id, domain.name]);
  if (o) return <Open o={o} first={tab ?? "general"} domain={domain} lookups={lookups} load={load} onClose={onClose} onSaved={(saved) => (setObject(saved), onChanged(saved))} onGone={onGone} />;
  if (error === undefined) return <Coming onClose={onClose} />;
  return (
    <Drawer title={t("consoleDirectory.object")} onClose={onClose}>
      <div class="in-drawer">
        <Banner cord="carmine" icon="warn" fact={error} />
      </div>
    </Drawer>
  );
}

interface OpenProps {
  o: DirectoryObject;
  first: Tab;
  domain: DomainRow;
  lookups: Lookups;
  load: () => Promise<DirectoryObject>;
  onClose: () => void;
  onSaved: (o: DirectoryObject) => void;
  onGone: () => void;
}

function Open({ o, first, domain, lookups, load, onClose, onSaved, onGone }: OpenProps) {
  const [tab, setTab] = useState<Tab>(first);
  const form = useObjectForm(o, load, onSaved);
  const title = o.dn || o.cn || o.sip;
  const close = async () => {
    if (!form.dirty || (await confirm({ title: t("consoleMenu.unsaved"), text: t("consoleMenu.unsavedText"), act: t("consoleMenu.discard"), bad: true }))) onClose();
  };
  const remove = async () => {
    const reason = await askReason({ title: t("consoleDirectory.deleteTitle", { name: title }), text: t("consoleDirectory.deleteText"), act: t("consoleDirectory.delete") });
    if (reason === undefined) return;
    try {
      await removeObject(o, reason);
      onGone();
      toast(t("consoleDirectory.deletedOne", { name: title }), { word: t("ui.undo"), run: () => void restoreObject(o.domain, o.id).then(onGone, (e: unknown) => toast(sentence(e))) });
    } catch (e) {
      form.refuse(e);
    }
  };
  useKeys(() => [{ keys: "Escape", word: () => t("ui.close"), run: () => void close() }], [form.dirty]);
  const writes = writesHere.value;
  return (
    <Drawer
      title={<><bdi>{title}</bdi><small class="hint">{`${t(`consoleDirectory.types.${o.type}`)} · ${o.domain}`}</small></>}
      start={<Avatar id={`${o.sip}@${o.domain}`} name={title} group={o.type === "group"} />}
      onClose={() => void close()}
      foot={
        writes && (
          <>
            <Button kind="pri" disabled={!form.dirty || form.saving} onClick={() => void form.save()}>{t("ui.save")}</Button>
            {form.dirty && <Button kind="txt" onClick={form.discard}>{t("consoleMenu.discard")}</Button>}
            <span class="grow" />
            <Button kind="txt" icon="trash" class="destroys" onClick={() => void remove()}>{t("consoleDirectory.delete")}</Button>
          </>
        )
      }
    >
      <Tabs
        label={t("consoleDirectory.partsOf", { name: title })}
        value={tab}
        tabs={(["general", "devices", "rights", "history"] as const).map((value) => ({ value, word: t(`consoleDirectory.tabs.${value}`) }))}
        onChange={setTab}
        class="form"
      >
        {form.problem?.code === "stale" && <Banner cord="ochre" icon="warn" fact={t("consoleDirectory.stale")} act={{ word: t("consoleDirectory.reload"), run: () => void form.reload() }}>{t("consoleDirectory.staleText")}</Banner>}
        {form.both.length > 0 && <Banner cord="ochre" icon="info" fact={t("consoleDirectory.bothChanged")}>{form.both.map((f) => t(`consoleDirectory.fields.${f}`)).join(", ")}</Banner>}
        <Refusal problem={form.problem} shown={tab === "general" ? generalFields : tab === "rights" ? rightsFields : []} />
        {tab === "general" && <General type={o.type} draft={form.draft} set={form.set} problem={form.problem} domain={domain} lookups={lookups} readOnly={!writes} />}
        {tab === "devices" && <DevicesTab o={o} apps={lookups.apps} />}
        {tab === "rights" && <Rights type={o.type} draft={form.draft} set={form.set} problem={form.problem} domain={domain} lookups={lookups} readOnly={!writes} />}
        {tab === "history" && <HistoryTab o={o} />}
      </Tabs>
    </Drawer>
  );
}

/** What a form of an object knows: the draft, what was refused, and how to save it over what others do. */
function useObjectForm(o: DirectoryObject, load: () => Promise<DirectoryObject>, onSaved: (o: DirectoryObject) => void) {
  const [before, setBefore] = useState<Draft>(() => draftOf(o));
  const [draft, setDraft] = useState<Draft>(before);
  const [problem, setProblem] = useState<Problem | undefined>();
  const [both, setBoth] = useState<readonly string[]>([]);
  const [saving, setSaving] = useState(false);
  const change = changes(before, draft);
  const settle = (fresh: DirectoryObject) => {
    const state = draftOf(fresh);
    setBefore(state);
    setDraft(state);
    setProblem(undefined);
    setBoth([]);
  };
  return {
    draft,
    problem,
    both,
    saving,
    dirty: Object.keys(change).length > 0,
    set: (part: Partial<Draft>) => setDraft((d) => ({ ...d, ...part })),
    discard: () => settle(o),
    refuse: (e: unknown) => setProblem(problemOf(e)),
    async save() {
      setSaving(true);
      try {
        const saved = await ask<DirectoryObject>("PATCH", ["domains", o.domain, "objects", `id:${o.id}`], { body: change, rev: o.rev });
        settle(saved);
        onSaved(saved);
        toast(t("consoleDirectory.saved", { name: saved.dn || saved.sip }));
      } catch (e) {
        setProblem(problemOf(e));
      } finally {
        setSaving(false);
      }
    },
    /** Takes what others have saved, and puts one's own changes on it. */
    async reload() {
      try {
        const fresh = await load();
        const over = rebase(before, draft, draftOf(fresh));
        setBefore(draftOf(fresh));
        setDraft({ ...emptyDraft, ...over.draft });
        setBoth(over.both);
        setProblem(undefined);
        onSaved(fresh);
      } catch (e) {
        setProblem(problemOf(e));
      }
    },
  };
}
