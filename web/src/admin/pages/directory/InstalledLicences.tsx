import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { date, full, number } from "../../../ui/format.ts";
import { Banner, Empty, Skeleton, Tag, type Cord } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence, type Part } from "../../api.ts";
import { operator } from "../../session.ts";
import { Table, type Column } from "../../Table.tsx";
import { usePages } from "./pages.ts";
import { askReason } from "./parts.tsx";

export interface Grant {
  readonly name: string;
  readonly count?: number;
}

interface Licence {
  readonly id: string;
  readonly state: "valid" | "pending" | "expired" | "revoked" | "key_revoked" | "damaged";
  readonly domain: string;
  readonly holder?: string;
  readonly grants: readonly Grant[];
  readonly from?: string;
  readonly until?: string;
  readonly test?: boolean;
  readonly note?: string;
  readonly key: string;
  readonly installed: string;
  readonly revoked?: string;
}

const cords: Readonly<Record<Licence["state"], Cord>> = { valid: "fern", pending: "ochre", expired: "ochre", revoked: "carmine", key_revoked: "carmine", damaged: "carmine" };

/** What was installed, ended ones too. */
export function InstalledLicences() {
  const [open, setOpen] = useState<string | undefined>();
  const list = usePages<Licence>(({ cursor, limit, signal }) => ask<Part<Licence>>("GET", ["licences"], { query: { limit, cursor }, signal }), []);
  const rows = list.rows.value;
  const l = rows?.find((x) => x.id === open);
  return (
    <>
      {list.error.value && <Banner cord="carmine" icon="offline" fact={list.error.value} act={{ word: t("ui.tryAgain"), run: () => list.again() }} />}
      {!rows && !list.error.value && <Skeleton kind="table" />}
      {rows?.length === 0 && <Empty title={t("consoleLicences.noneInstalled")}>{t("consoleLicences.noneInstalledText")}</Empty>}
      {rows && rows.length > 0 && <Table label={t("consoleLicences.views.installed")} rows={rows} keyOf={(x) => x.id} columns={columns(setOpen)} open={open} onOpen={(x) => setOpen(x.id)} onEnd={list.more} />}
      {l && <Details key={l.id} l={l} onClose={() => setOpen(undefined)} onChanged={() => (setOpen(undefined), list.again())} />}
    </>
  );
}

export const grantWords = (grants: readonly Grant[]): string => grants.map((g) => (g.count === undefined ? g.name : `${g.name}:${g.count}`)).join(" ");

function columns(open: (id: string) => void): readonly Column<Licence>[] {
  return [
    { id: "dn", word: t("consoleDirectory.domain"), width: "2", cell: (l) => <button class="row-open" onClick={() => open(l.id)}><bdi>{l.holder || l.domain}</bdi></button> },
    { id: "grants", word: t("consoleLicences.grants"), width: "3", more: true, cell: (l) => <span class="mono">{grantWords(l.grants)}</span> },
    { id: "state", word: t("consoleDirectory.state"), width: "l", cell: (l) => <Tag cord={cords[l.state]}>{t(`consoleLicences.states.${l.state}`)}</Tag> },
    { id: "until", word: t("consoleDirectory.until"), width: "m", more: true, cell: (l) => (l.until ? date(Date.parse(l.until)) : t("consoleLicences.always")) },
    { id: "note", word: t("consoleLicences.note"), width: "2", more: true, cell: (l) => <bdi>{l.note ?? ""}</bdi> },
  ];
}

function Details({ l, onClose, onChanged }: { l: Licence; onClose: () => void; onChanged: () => void }) {
  const revoke = async () => {
    const reason = await askReason({ title: t("consoleLicences.revokeTitle", { domain: l.holder || l.domain }), text: t("consoleLicences.revokeText"), act: t("consoleLicences.revoke"), needed: true });
    if (reason === undefined) return;
    try {
      await ask("DELETE", ["licences", l.id], { reason });
      toast(t("consoleLicences.revoked"));
      onChanged();
    } catch (e) {
      toast(sentence(e));
    }
  };
  const time = (at: string | undefined) => (at ? full(Date.parse(at)) : "–");
  return (
    <Drawer title={<><bdi>{l.holder || l.domain}</bdi><small class="hint mono">{l.id}</small></>} onClose={onClose} foot={operator.value && l.revoked === undefined && <Button onClick={() => void revoke()}>{t("consoleLicences.revoke")}</Button>}>
      <div class="in-drawer">
        <div class="acts-in">
          <Tag cord={cords[l.state]}>{t(`consoleLicences.states.${l.state}`)}</Tag>
          {l.test && <Tag cord="petrol">{t("consoleLicences.test")}</Tag>}
        </div>
        <ul class="plain-list">
          {l.grants.map((g) => (
            <li key={g.name}>
              <span class="mono grow">{g.name}</span>
              <span class="num">{g.count === undefined ? t("consoleLicences.forAll") : number(g.count)}</span>
            </li>
          ))}
        </ul>
        <dl class="facts">
          <dt>{t("consoleLicences.from")}</dt>
          <dd>{time(l.from)}</dd>
          <dt>{t("consoleDirectory.until")}</dt>
          <dd>{time(l.until)}</dd>
          <dt>{t("consoleLicences.installedAt")}</dt>
          <dd>{time(l.installed)}</dd>
          {l.revoked && <><dt>{t("consoleLicences.revokedAt")}</dt><dd>{time(l.revoked)}</dd></>}
          <dt>{t("consoleLicences.key")}</dt>
          <dd class="mono">{l.key}</dd>
          <dt>{t("consoleLicences.note")}</dt>
          <dd>{l.note ?? "–"}</dd>
        </dl>
      </div>
    </Drawer>
  );
}
