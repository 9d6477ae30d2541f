import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { number } from "../../ui/format.ts";
import { useKeys } from "../../ui/keys.ts";
import { Banner, Empty, Skeleton } from "../../ui/parts.tsx";
import { go, route } from "../../ui/route.ts";
import { toast } from "../../ui/Toast.tsx";
import { ask, download, sentence } from "../api.ts";
import { Table, type Column } from "../Table.tsx";
import { BulkActs } from "./directory/BulkActs.tsx";
import { DeletedObjects } from "./directory/DeletedObjects.tsx";
import { ImportUsers } from "./directory/ImportUsers.tsx";
import { useLookups } from "./directory/lookups.ts";
import { NewObject } from "./directory/NewObject.tsx";
import { ObjectDrawer } from "./directory/ObjectDrawer.tsx";
import { usePages } from "./directory/pages.ts";
import { DomainChoice, Filt, NoDomain, Reasons, Search } from "./directory/parts.tsx";
import { domain, useDomains, writesHere } from "./directory/place.ts";
import { objectTypes, type Counted, type DomainRow, type ListedObject } from "./directory/types.ts";

/** Everything that has a name in a domain: #/objects, #/objects/<id>, #/objects/deleted, #/objects/import. */
export default function Objects() {
  useDomains();
  const here = domain.value;
  const [, view] = route.value;
  return (
    <>
      {!here && <NoDomain />}
      {here && view === "deleted" && <DeletedObjects key={here.name} domain={here} />}
      {here && view === "import" && <ImportUsers key={here.name} domain={here} />}
      {here && view !== "deleted" && view !== "import" && <ObjectList key={here.name} domain={here} />}
      <Reasons />
    </>
  );
}

const states = ["", "online", "offline", "enabled", "disabled"] as const;
/** Presence in the list is as old as this at most. */
const refresh = 15_000;
const typingPause = 200;

function ObjectList({ domain: here }: { domain: DomainRow }) {
  const [typed, setTyped] = useState("");
  const [filter, setFilter] = useState({ q: "", type: "", template: "", state: "" });
  const [sort, setSort] = useState("num");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [making, setMaking] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const range = useMemo(() => signal<readonly [number, number]>([0, -1]), []);
  const lookups = useLookups(here.name);
  const list = usePages<ListedObject>(
    ({ cursor, limit, signal }) => ask<Counted<ListedObject>>("GET", ["domains", here.name, "objects"], { query: { ...filter, sort, limit, cursor, count: cursor === undefined }, signal }),
    [here.name, filter, sort],
    refresh,
  );
  const rows = list.rows.value;
  const openId = route.value[1];
  const open = (id: number | undefined) => go(id === undefined ? ["objects"] : ["objects", String(id)]);
  useEffect(() => {
    const timer = setTimeout(() => filter.q !== typed && setFilter({ ...filter, q: typed }), typingPause);
    return () => clearTimeout(timer);
  }, [typed, filter]);
  useKeys(
    () => [
      { keys: "/", word: () => t("consoleDirectory.search"), run: () => box.current?.focus() },
      { keys: "N", word: () => t("consoleDirectory.newObject"), run: () => (writesHere.value ? setMaking(true) : false) },
    ],
    [],
  );
  const narrowed = Object.values(filter).some(Boolean);
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.objects")}</h1>
        {list.total.value !== undefined && !narrowed && <span class="hint num only-wide">{t("consoleDirectory.inDomain", { count: list.total.value, shown: number(list.total.value), domain: here.name })}</span>}
        <span class="grow" />
        <ListActs domain={here} onNew={() => setMaking(true)} />
      </header>
      <div class="body fill">
        <div class="toolbar wraps">
          <Search value={typed} onInput={setTyped} boxRef={box} />
          <DomainChoice />
          <Filters filter={filter} templates={lookups.templates.map((o) => o.sip)} onChange={(f) => setFilter({ ...filter, ...f })} />
        </div>
        {chosen.size > 0 && writesHere.value && (
          <BulkActs rows={(rows ?? []).filter((r) => chosen.has(String(r.id)))} templates={lookups.templates} onDone={() => (setChosen(new Set()), list.again())} onClear={() => setChosen(new Set())} />
        )}
        {list.error.value && <Banner cord="carmine" icon="offline" fact={list.error.value} act={{ word: t("ui.tryAgain"), run: () => list.again() }} />}
        {!rows && !list.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {rows?.length === 0 && (narrowed ? <Empty title={t("consoleDirectory.noMatch")} /> : <Empty title={t("consoleDirectory.noObjects")}>{t("consoleDirectory.noObjectsText")}</Empty>)}
        {rows && rows.length > 0 && (
          <Table
            label={t("consoleMenu.pages.objects")}
            rows={rows}
            total={list.total.value}
            keyOf={(o) => String(o.id)}
            nameOf={(o) => o.sip}
            columns={columns((o) => open(o.id))}
            sort={sort}
            onSort={setSort}
            open={openId}
            onOpen={(o) => open(o.id)}
            chosen={writesHere.value ? chosen : undefined}
            onChoose={setChosen}
            onEnd={list.more}
            onRange={(first, last) => (range.value = [first, last])}
          />
        )}
        {rows && rows.length > 0 && <Foot range={range} total={list.total.value} q={filter.q} />}
      </div>
      {making && (
        <NewObject
          domain={here}
          lookups={lookups}
          onClose={() => setMaking(false)}
          onMade={(o) => {
            setMaking(false);
            list.again();
            open(o.id);
          }}
        />
      )}
      {!making && openId !== undefined && (
        <ObjectDrawer key={openId} id={openId} domain={here} lookups={lookups} onClose={() => open(undefined)} onChanged={(o) => list.edit((all) => all.map((r) => (r.id === o.id ? { ...r, ...o } : r)))} onGone={() => (open(undefined), list.again())} />
      )}
    </>
  );
}

function ListActs({ domain: here, onNew }: { domain: DomainRow; onNew: () => void }) {
  const save = () => void download(["domains", here.name, "users", "export"], {}, `${here.name}.csv`).catch((e: unknown) => toast(sentence(e)));
  return (
    <div class="head-acts">
      <Button kind="txt" icon="trash" onClick={() => go(["objects", "deleted"])}>{t("consoleDirectory.deleted")}</Button>
      <Button kind="txt" icon="upload" onClick={save}>{t("consoleDirectory.export")}</Button>
      {writesHere.value && (
        <>
          <Button icon="download" onClick={() => go(["objects", "import"])}>{t("consoleDirectory.import")}</Button>
          <Button kind="pri" icon="add" onClick={onNew}>{t("consoleDirectory.newObject")}</Button>
        </>
      )}
    </div>
  );
}

interface FiltersProps {
  filter: { readonly type: string; readonly template: string; readonly state: string };
  templates: readonly string[];
  onChange: (change: Partial<FiltersProps["filter"]>) => void;
}

function Filters({ filter, templates, onChange }: FiltersProps) {
  const every = { value: "", word: t("consoleDirectory.all") };
  return (
    <>
      <Filt label={t("consoleDirectory.type")} value={filter.type} options={[every, ...objectTypes.map((v) => ({ value: v as string, word: t(`consoleDirectory.types.${v}`) }))]} onChange={(type) => onChange({ type })} />
      <Filt
        label={t("consoleDirectory.template")}
        value={filter.template}
        options={[every, { value: ":none", word: t("consoleDirectory.noTemplate") }, ...templates.map((v) => ({ value: v, word: v }))]}
        onChange={(template) => onChange({ template })}
      />
      <Filt label={t("consoleDirectory.state")} value={filter.state} options={states.map((v) => (v === "" ? every : { value: v as string, word: t(`consoleDirectory.states.${v}`) }))} onChange={(state) => onChange({ state })} />
    </>
  );
}

function Foot({ range, total, q }: { range: { readonly value: readonly [number, number] }; total: number | undefined; q: string }) {
  const [first, last] = range.value;
  const values = { first: number(first + 1), last: number(last + 1), total: total === undefined ? "…" : number(total), q };
  return (
    <div class="pag">
      <span class="num">{t(q ? "consoleDirectory.rowsMatching" : "consoleDirectory.rows", values)}</span>
      <span class="grow" />
      <span class="only-wide">
        <kbd class="kbd">J</kbd> <kbd class="kbd">K</kbd> {t("consoleDirectory.toMove")} <kbd class="kbd">Enter</kbd> {t("consoleDirectory.toOpen")} <kbd class="kbd">N</kbd> {t("consoleDirectory.toMake")}
      </span>
    </div>
  );
}

function columns(open: (o: ListedObject) => void): readonly Column<ListedObject>[] {
  return [
    { id: "num", word: t("consoleDirectory.number"), width: "s", sort: true, cell: (o) => <span class="num">{o.num}</span> },
    {
      id: "dn",
      word: t("consoleDirectory.dn"),
      width: "3",
      sort: true,
      cell: (o) => (
        <button class="row-open" onClick={() => open(o)}>
          <i class={o.online > 0 ? "lamp open" : "lamp off"} />
          <bdi>{o.dn || o.cn || o.sip}</bdi>
          <span class="vh">{t(o.online > 0 ? "consoleDirectory.states.online" : "consoleDirectory.states.offline")}</span>
          {o.disabled && <span class="tag">{t("consoleDirectory.states.disabled")}</span>}
        </button>
      ),
    },
    { id: "sip", word: t("consoleDirectory.name"), width: "2", sort: true, cell: (o) => <bdi class="mono">{o.sip}</bdi> },
    { id: "type", word: t("consoleDirectory.type"), width: "m", more: true, cell: (o) => t(`consoleDirectory.types.${o.type}`) },
    { id: "template", word: t("consoleDirectory.template"), width: "1", more: true, cell: (o) => <bdi>{o.template ?? ""}</bdi> },
    { id: "devices", word: t("consoleDirectory.devices"), width: "s", num: true, more: true, cell: (o) => (o.devices > 0 ? number(o.devices) : "") },
    { id: "online", word: t("consoleDirectory.registered"), width: "m", num: true, more: true, cell: (o) => (o.online > 0 ? number(o.online) : <span class="dim">–</span>) },
  ];
}
