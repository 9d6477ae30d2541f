// A group: who is in it, and which hunt groups call them.
import { useEffect, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Skeleton, Tag } from "../../../ui/parts.tsx";
import { href } from "../../../ui/route.ts";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence } from "../../api.ts";
import { pathOf } from "./acts.ts";
import { usePages } from "./pages.ts";
import { writesHere } from "./place.ts";
import type { Counted, DirectoryObject, DomainRow, ListedObject } from "./types.ts";

export interface GroupDrawerProps {
  name: string;
  hunts: readonly string[];
  domain: DomainRow;
  onClose: () => void;
  onChanged: () => void;
}

export function GroupDrawer({ name, hunts, domain, onClose, onChanged }: GroupDrawerProps) {
  const list = usePages<ListedObject>(
    ({ cursor, limit, signal }) => ask<Counted<ListedObject>>("GET", ["domains", domain.name, "objects"], { query: { group: name, sort: "dn", limit, cursor, count: cursor === undefined }, signal }),
    [domain.name, name],
  );
  const rows = list.rows.value;
  const inIt = (o: DirectoryObject) => (o.groups ?? []).some((g) => same(g.name, name));
  const set = async (o: DirectoryObject, member: boolean) => {
    const others = (o.groups ?? []).filter((g) => !same(g.name, name));
    try {
      await ask("PATCH", pathOf(o), { body: { groups: member ? [...others, { name }] : others }, rev: o.rev });
      list.again();
      onChanged();
    } catch (e) {
      toast(sentence(e));
    }
  };
  return (
    <Drawer title={<><bdi>{name}</bdi><small class="hint">{domain.name}</small></>} onClose={onClose}>
      <div class="in-drawer">
        {hunts.length > 0 && (
          <p>
            {t("consoleDomains.calledBy")}{" "}
            {hunts.map((h) => (
              <Tag key={h}><bdi class="mono">{h}</bdi></Tag>
            ))}
          </p>
        )}
        {writesHere.value && <AddMember domain={domain} skip={inIt} onAdd={(o) => void set(o, true)} />}
        {!rows && !list.error.value && <Skeleton kind="lines" count={4} />}
        {list.error.value && <p class="hint">{list.error.value}</p>}
        {rows?.length === 0 && <p class="hint">{t("consoleDomains.noMembers")}</p>}
        <ul class="device-list">
          {rows?.map((o) => (
            <li key={o.id}>
              <i class={o.online > 0 ? "lamp open" : "lamp off"} />
              <span class="grow">
                <a class="lnk" href={href("objects", String(o.id))}><bdi>{o.dn || o.sip}</bdi></a>
                <small class="mono">{[o.num, o.sip].filter(Boolean).join(" · ")}</small>
              </span>
              {(o.groups ?? []).some((g) => same(g.name, name) && g.dyn === "out") && <Tag cord="ochre">{t("consoleDirectory.dyn.out")}</Tag>}
              {writesHere.value && inIt(o) && <IconButton icon="close" size="s" label={t("consoleDomains.removeMember", { name: o.dn || o.sip })} onClick={() => void set(o, false)} />}
            </li>
          ))}
        </ul>
        {rows && list.total.value !== undefined && list.total.value > rows.length && (
          <div>
            <Button size="s" onClick={list.more}>{t("consoleDomains.moreMembers")}</Button>
          </div>
        )}
      </div>
    </Drawer>
  );
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const typingPause = 200;
const found = 6;

/** Finds objects by what is typed, and adds the one that is pressed. */
function AddMember({ domain, skip, onAdd }: { domain: DomainRow; skip: (o: DirectoryObject) => boolean; onAdd: (o: DirectoryObject) => void }) {
  const [typed, setTyped] = useState("");
  const [hits, setHits] = useState<readonly DirectoryObject[]>([]);
  useEffect(() => {
    let live = true;
    const timer = setTimeout(() => {
      if (typed.trim() === "") return setHits([]);
      ask<Counted<DirectoryObject>>("GET", ["domains", domain.name, "objects"], { query: { q: typed.trim(), limit: 20 } }).then(
        (p) => live && setHits(p.items.filter((o) => o.type !== "template" && !skip(o)).slice(0, found)),
        (e: unknown) => live && toast(sentence(e)),
      );
    }, typingPause);
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, [typed]);
  return (
    <div class="lines">
      <Field label={t("consoleDomains.addMember")} placeholder={t("consoleDomains.nameOrNumber")} value={typed} onInput={setTyped} autocomplete="off" maxLength={128} />
      {hits.length > 0 && (
        <ul class="hits">
          {hits.map((o) => (
            <li key={o.id}>
              <Button
                size="s"
                kind="txt"
                icon="add"
                onClick={() => {
                  setTyped("");
                  setHits([]);
                  onAdd(o);
                }}
              >
                <bdi>{o.dn || o.sip}</bdi> <span class="mono">{o.num || o.sip}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
