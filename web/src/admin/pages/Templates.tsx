import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { number } from "../../ui/format.ts";
import { useKeys } from "../../ui/keys.ts";
import { Banner, Empty, Skeleton } from "../../ui/parts.tsx";
import { go, route } from "../../ui/route.ts";
import { ask } from "../api.ts";
import { Table, type Column } from "../Table.tsx";
import { useLookups } from "./directory/lookups.ts";
import { NewObject } from "./directory/NewObject.tsx";
import { ObjectDrawer } from "./directory/ObjectDrawer.tsx";
import { usePages } from "./directory/pages.ts";
import { DomainChoice, NoDomain, Reasons } from "./directory/parts.tsx";
import { domain, useDomains, writesHere } from "./directory/place.ts";
import type { Counted, DomainRow, ListedObject } from "./directory/types.ts";

/** Templates: what many objects have in common. */
export default function Templates() {
  useDomains();
  return (
    <>
      {domain.value ? <TemplateList key={domain.value.name} domain={domain.value} /> : <NoDomain />}
      <Reasons />
    </>
  );
}

function TemplateList({ domain: here }: { domain: DomainRow }) {
  const [making, setMaking] = useState(false);
  const lookups = useLookups(here.name);
  const list = usePages<ListedObject>(({ cursor, limit, signal }) => ask<Counted<ListedObject>>("GET", ["domains", here.name, "objects"], { query: { type: "template", limit, cursor }, signal }), [here.name]);
  const rows = list.rows.value;
  const openId = route.value[1];
  useKeys(() => [{ keys: "N", word: () => t("consoleDirectory.newOf.template"), run: () => (writesHere.value ? setMaking(true) : false) }]);
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.templates")}</h1>
        <DomainChoice />
        <span class="grow" />
        {writesHere.value && <Button kind="pri" icon="add" onClick={() => setMaking(true)}>{t("consoleDirectory.newOf.template")}</Button>}
      </header>
      <div class="body fill">
        {list.error.value && <Banner cord="carmine" icon="offline" fact={list.error.value} act={{ word: t("ui.tryAgain"), run: () => list.again() }} />}
        {!rows && !list.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {rows?.length === 0 && <Empty title={t("consoleDomains.noTemplates")}>{t("consoleDomains.noTemplatesText")}</Empty>}
        {rows && rows.length > 0 && (
          <Table label={t("consoleMenu.pages.templates")} rows={rows} keyOf={(o) => String(o.id)} columns={columns()} open={openId} onOpen={(o) => go(["templates", String(o.id)])} onEnd={list.more} />
        )}
      </div>
      {making && <NewObject type="template" domain={here} lookups={lookups} onClose={() => setMaking(false)} onMade={(o) => (setMaking(false), list.again(), go(["templates", String(o.id)]))} />}
      {!making && openId !== undefined && <ObjectDrawer key={openId} id={openId} domain={here} lookups={lookups} onClose={() => go(["templates"])} onChanged={() => list.again()} onGone={() => (go(["templates"]), list.again())} />}
    </>
  );
}

function columns(): readonly Column<ListedObject>[] {
  return [
    { id: "dn", word: t("consoleDirectory.dn"), width: "2", cell: (o) => <button class="row-open" onClick={() => go(["templates", String(o.id)])}><bdi>{o.dn || o.sip}</bdi></button> },
    { id: "sip", word: t("consoleDirectory.name"), width: "2", cell: (o) => <bdi class="mono">{o.sip}</bdi> },
    { id: "lics", word: t("consoleDirectory.fields.app_lics"), width: "2", more: true, cell: (o) => <bdi class="mono">{(o.app_lics ?? []).join(", ")}</bdi> },
    { id: "groups", word: t("consoleDirectory.fields.groups"), width: "1", more: true, cell: (o) => (o.groups ?? []).map((g) => g.name).join(", ") },
    { id: "used", word: t("consoleDomains.usedBy"), width: "m", num: true, more: true, cell: (o) => <Used o={o} /> },
  ];
}

/** How many have a template; asked for when its row is seen. */
function Used({ o }: { o: ListedObject }) {
  const [n, setCount] = useState<number | undefined>();
  useEffect(() => {
    let live = true;
    ask<Counted<ListedObject>>("GET", ["domains", o.domain, "objects"], { query: { template: o.sip, limit: 1, count: true } }).then(
      (p) => live && setCount(p.total),
      () => undefined, // the cell stays empty
    );
    return () => {
      live = false;
    };
  }, [o.id, o.sip]);
  return <>{n === undefined ? "" : number(n)}</>;
}
