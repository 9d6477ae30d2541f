import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { number } from "../../ui/format.ts";
import { useKeys } from "../../ui/keys.ts";
import { Banner, Empty, Skeleton, Tag } from "../../ui/parts.tsx";
import { go, route } from "../../ui/route.ts";
import { ask, type Part } from "../api.ts";
import { usePoll } from "../poll.ts";
import { Table, type Column } from "../Table.tsx";
import { useLookups } from "./directory/lookups.ts";
import { ObjectDrawer } from "./directory/ObjectDrawer.tsx";
import { usePages } from "./directory/pages.ts";
import { DomainChoice, NoDomain, Reasons, Search } from "./directory/parts.tsx";
import { domain, useDomains } from "./directory/place.ts";
import type { Device, DirectoryObject, DomainRow } from "./directory/types.ts";

/** All devices of a domain; opening one opens its object. */
export default function Devices() {
  useDomains();
  return (
    <>
      {domain.value ? <DeviceList key={domain.value.name} domain={domain.value} /> : <NoDomain />}
      <Reasons />
    </>
  );
}

const refresh = 5000;
const typingPause = 200;

function DeviceList({ domain: here }: { domain: DomainRow }) {
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  const box = useRef<HTMLInputElement>(null);
  const lookups = useLookups(here.name);
  const list = usePages<Device>(({ cursor, limit, signal }) => ask<Part<Device>>("GET", ["domains", here.name, "devices"], { query: { q, limit, cursor }, signal }), [here.name, q], refresh * 3);
  const live = usePoll((signal) => ask<Part<{ sip: string; hw: string }>>("GET", ["registrations"], { query: { domain: here.name, limit: 100_000 }, signal }), refresh, [here.name]);
  const online = new Set((live.value.value?.items ?? []).map((r) => `${r.hw} ${r.sip}`));
  const rows = list.rows.value;
  const openId = route.value[1];
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed), typingPause);
    return () => clearTimeout(timer);
  }, [typed]);
  useKeys(() => [{ keys: "/", word: () => t("consoleDirectory.search"), run: () => box.current?.focus() }]);
  const open = async (d: Device) => {
    const o = await ask<DirectoryObject>("GET", ["domains", here.name, "objects", d.user]).catch(() => undefined);
    if (o) go(["devices", String(o.id)]);
    else list.again(); // its object has gone, and with it the device
  };
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.devices")}</h1>
        {list.total.value !== undefined && <span class="hint num only-wide">{t("consoleDirectory.inDomain", { count: list.total.value, shown: number(list.total.value), domain: here.name })}</span>}
      </header>
      <div class="body fill">
        <div class="toolbar wraps">
          <Search value={typed} onInput={setTyped} boxRef={box} />
          <DomainChoice />
        </div>
        {list.error.value && <Banner cord="carmine" icon="offline" fact={list.error.value} act={{ word: t("ui.tryAgain"), run: () => list.again() }} />}
        {!rows && !list.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {rows?.length === 0 && <Empty title={t(q ? "consoleDirectory.noMatch" : "consoleDomains.noDevices")}>{!q && t("consoleDomains.noDevicesText")}</Empty>}
        {rows && rows.length > 0 && (
          <Table label={t("consoleMenu.pages.devices")} rows={rows} total={list.total.value} keyOf={(d) => `${d.hw} ${d.user}`} columns={columns(online, (d) => void open(d))} onOpen={(d) => void open(d)} onEnd={list.more} />
        )}
      </div>
      {openId !== undefined && <ObjectDrawer key={openId} id={openId} tab="devices" domain={here} lookups={lookups} onClose={() => (go(["devices"]), list.again())} onChanged={() => list.again()} onGone={() => (go(["devices"]), list.again())} />}
    </>
  );
}

function columns(online: ReadonlySet<string>, open: (d: Device) => void): readonly Column<Device>[] {
  return [
    {
      id: "dn",
      word: t("consoleDirectory.deviceText"),
      width: "2",
      cell: (d) => (
        <button class="row-open" onClick={() => open(d)}>
          <i class={online.has(`${d.hw} ${d.user}`) ? "lamp open" : "lamp off"} />
          <bdi>{d.text || d.hw}</bdi>
          <span class="vh">{t(online.has(`${d.hw} ${d.user}`) ? "consoleDirectory.states.online" : "consoleDirectory.states.offline")}</span>
        </button>
      ),
    },
    { id: "user", word: t("consoleDirectory.object"), width: "2", cell: (d) => <bdi class="mono">{d.user}</bdi> },
    { id: "hw", word: t("consoleDirectory.hw"), width: "2", more: true, cell: (d) => <bdi class="mono">{d.hw}</bdi> },
    { id: "app", word: t("consoleDomains.app"), width: "1", more: true, cell: (d) => <bdi class="mono">{d.app ?? ""}</bdi> },
    { id: "single", word: "", width: "l", more: true, cell: (d) => d.single && <Tag>{t("consoleDirectory.single")}</Tag> },
  ];
}
