import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { number } from "../../ui/format.ts";
import { useKeys } from "../../ui/keys.ts";
import { Tag } from "../../ui/parts.tsx";
import { go, route } from "../../ui/route.ts";
import { Table, type Column } from "../Table.tsx";
import { DomainDrawer } from "./directory/DomainDrawer.tsx";
import { NewDomain } from "./directory/NewDomain.tsx";
import { NoDomain, Reasons } from "./directory/parts.tsx";
import { domains, loadDomains, ownOrgs, useDomains } from "./directory/place.ts";
import type { DomainRow } from "./directory/types.ts";

/** The tenants of the installation, as far as one sees them. */
export default function Domains() {
  useDomains();
  const [making, setMaking] = useState(false);
  const list = domains.value ?? [];
  const openName = route.value[1];
  const mayMake = ownOrgs.value === undefined || ownOrgs.value.length > 0;
  useKeys(() => [{ keys: "N", word: () => t("consoleDomains.newDomain"), run: () => (mayMake ? setMaking(true) : false) }], [mayMake]);
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.domains")}</h1>
        <span class="hint num">{list.length > 0 && number(list.length)}</span>
        <span class="grow" />
        {mayMake && <Button kind="pri" icon="add" onClick={() => setMaking(true)}>{t("consoleDomains.newDomain")}</Button>}
      </header>
      <div class="body fill">
        {list.length === 0 && <NoDomain />}
        {list.length > 0 && <Table label={t("consoleMenu.pages.domains")} rows={list} keyOf={(d) => d.name} columns={columns()} open={openName} onOpen={(d) => go(["domains", d.name])} />}
      </div>
      {making && (
        <NewDomain
          onClose={() => setMaking(false)}
          onMade={(d) => {
            setMaking(false);
            void loadDomains();
            go(["domains", d.name]);
          }}
        />
      )}
      {!making && openName !== undefined && <DomainDrawer key={openName} name={openName} onClose={() => go(["domains"])} onChanged={(d) => (void loadDomains(), d.name !== openName && go(["domains", d.name], true))} onGone={() => (go(["domains"]), void loadDomains())} />}
      <Reasons />
    </>
  );
}

function columns(): readonly Column<DomainRow>[] {
  return [
    {
      id: "dn",
      word: t("consoleDirectory.domain"),
      width: "2",
      cell: (d) => (
        <button class="row-open" onClick={() => go(["domains", d.name])}>
          <bdi>{d.name}</bdi>
          {d.default && <Tag>{t("consoleDomains.default")}</Tag>}
        </button>
      ),
    },
    { id: "hosts", word: t("consoleDomains.hosts"), width: "3", more: true, cell: (d) => <bdi class="mono">{d.hosts.join(", ")}</bdi> },
    { id: "org", word: t("consoleDomains.org"), width: "1", more: true, cell: (d) => <bdi>{d.org ?? ""}</bdi> },
    { id: "filters", word: t("consoleDomains.filters"), width: "s", num: true, more: true, cell: (d) => ((d.filters ?? []).length > 0 ? number((d.filters ?? []).length) : "") },
    { id: "nodes", word: t("consoleDomains.nodes"), width: "m", num: true, more: true, cell: (d) => ((d.plan?.nodes ?? []).length > 0 ? number((d.plan?.nodes ?? []).length) : "") },
  ];
}
