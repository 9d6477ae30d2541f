import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { number } from "../../ui/format.ts";
import { useKeys } from "../../ui/keys.ts";
import { Banner, Empty, Skeleton } from "../../ui/parts.tsx";
import { go, route } from "../../ui/route.ts";
import { ask, type Part } from "../api.ts";
import { Table, type Column } from "../Table.tsx";
import { GroupDrawer } from "./directory/GroupDrawer.tsx";
import { useLookups } from "./directory/lookups.ts";
import { NewObject } from "./directory/NewObject.tsx";
import { usePages } from "./directory/pages.ts";
import { DomainChoice, NoDomain, Reasons } from "./directory/parts.tsx";
import { domain, useDomains, writesHere } from "./directory/place.ts";
import type { DomainRow, Group } from "./directory/types.ts";

/** Groups with their members, and the hunt groups that call them. */
export default function Groups() {
  useDomains();
  return (
    <>
      {domain.value ? <GroupList key={domain.value.name} domain={domain.value} /> : <NoDomain />}
      <Reasons />
    </>
  );
}

function GroupList({ domain: here }: { domain: DomainRow }) {
  const [making, setMaking] = useState(false);
  const lookups = useLookups(here.name);
  const list = usePages<Group>(({ cursor, limit, signal }) => ask<Part<Group>>("GET", ["domains", here.name, "groups"], { query: { limit, cursor }, signal }), [here.name]);
  const rows = list.rows.value;
  const open = route.value[1];
  useKeys(() => [{ keys: "N", word: () => t("consoleDirectory.newOf.group"), run: () => (writesHere.value ? setMaking(true) : false) }]);
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.groups")}</h1>
        <DomainChoice />
        <span class="grow" />
        {writesHere.value && <Button kind="pri" icon="add" onClick={() => setMaking(true)}>{t("consoleDirectory.newOf.group")}</Button>}
      </header>
      <div class="body fill">
        {list.error.value && <Banner cord="carmine" icon="offline" fact={list.error.value} act={{ word: t("ui.tryAgain"), run: () => list.again() }} />}
        {!rows && !list.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {rows?.length === 0 && <Empty title={t("consoleDomains.noGroups")}>{t("consoleDomains.noGroupsText")}</Empty>}
        {rows && rows.length > 0 && <Table label={t("consoleMenu.pages.groups")} rows={rows} keyOf={(g) => g.name} columns={columns()} open={open} onOpen={(g) => go(["groups", g.name])} onEnd={list.more} />}
      </div>
      {making && (
        <NewObject
          type="group"
          domain={here}
          lookups={lookups}
          onClose={() => setMaking(false)}
          onMade={(o) => {
            setMaking(false);
            list.again();
            if (o.group) go(["groups", o.group]);
          }}
        />
      )}
      {!making && open !== undefined && <GroupDrawer key={open} name={open} hunts={rows?.find((g) => g.name === open)?.hunts ?? []} domain={here} onClose={() => go(["groups"])} onChanged={() => list.again()} />}
    </>
  );
}

function columns(): readonly Column<Group>[] {
  return [
    { id: "dn", word: t("consoleDirectory.name"), width: "2", cell: (g) => <button class="row-open" onClick={() => go(["groups", g.name])}><bdi>{g.name}</bdi></button> },
    { id: "members", word: t("consoleDomains.members"), width: "m", num: true, cell: (g) => number(g.members) },
    { id: "hunts", word: t("consoleDomains.hunts"), width: "3", more: true, cell: (g) => <bdi class="mono">{g.hunts.join(", ")}</bdi> },
  ];
}
