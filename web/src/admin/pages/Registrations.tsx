import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { ask as confirm } from "../../ui/Dialog.tsx";
import { Drawer } from "../../ui/Drawer.tsx";
import { dayAndClock, full, span } from "../../ui/format.ts";
import { href } from "../../ui/route.ts";
import { toast } from "../../ui/Toast.tsx";
import { ask, sentence } from "../api.ts";
import { writes } from "../session.ts";
import type { Column } from "../Table.tsx";
import { LiveList } from "./live/list.tsx";

interface Registration {
  readonly sip: string;
  readonly domain: string;
  readonly hw: string;
  readonly flags: string;
  readonly inbox: boolean;
  readonly connection: string;
  readonly since: string;
}

/** Who is there now, over which connection, and since when. */
export default function Registrations() {
  return (
    <LiveList<Registration>
      resource="registrations"
      keyOf={(r) => `${r.connection} ${r.sip}@${r.domain} ${r.hw}`}
      words={(r) => `${r.sip}@${r.domain} ${r.hw} ${r.connection} ${r.flags}`}
      valueOf={(r, c) => r[c as keyof Registration] as string}
      columns={columns()}
      drawer={(r, close, again) => <Details r={r} onClose={close} again={again} />}
    />
  );
}

function columns(): readonly Column<Registration>[] {
  return [
    { id: "sip", word: t("consoleLive.name"), width: "2", sort: true, cell: (r) => <><i class="lamp open" /> <bdi class="mono">{r.sip}</bdi></> },
    { id: "domain", word: t("consoleLive.domain"), width: "2", sort: true, cell: (r) => <bdi>{r.domain}</bdi> },
    { id: "hw", word: t("consoleLive.device"), width: "1", sort: true, cell: (r) => <bdi class="mono">{r.hw}</bdi> },
    { id: "connection", word: t("consoleLive.connection"), width: "m", sort: true, cell: (r) => <span class="mono">{r.connection}</span> },
    { id: "flags", word: t("consoleLive.flags"), width: "2", cell: (r) => <span class="mono dim">{r.flags}</span> },
    { id: "since", word: t("consoleLive.since"), width: "l", sort: true, num: true, cell: (r) => <span class="dim">{dayAndClock(Date.parse(r.since))}</span> },
  ];
}

function Details({ r, onClose, again }: { r: Registration; onClose: () => void; again: () => void }) {
  const end = async (connection: string | undefined) => {
    const sure = await confirm({
      title: t(connection ? "consoleLive.disconnectOne" : "consoleLive.disconnectAll", { name: r.sip }),
      text: t("consoleLive.disconnectText"),
      act: t("consoleLive.disconnect"),
      bad: true,
    });
    if (!sure) return;
    try {
      const { ended } = await ask<{ ended: number }>("DELETE", ["domains", r.domain, "objects", r.sip, "registrations"], { query: { connection } });
      toast(t("consoleLive.disconnected", { count: ended }));
      onClose();
    } catch (e) {
      toast(sentence(e));
    }
    again();
  };
  return (
    <Drawer
      title={<bdi>{`${r.sip}@${r.domain}`}</bdi>}
      onClose={onClose}
      foot={
        writes.value && (
          <>
            <Button onClick={() => void end(r.connection)}>{t("consoleLive.disconnect")}</Button>
            <span class="grow" />
            <Button kind="txt" onClick={() => void end(undefined)}>{t("consoleLive.allOf")}</Button>
          </>
        )
      }
    >
      <div class="in-drawer">
        <dl class="facts">
          <dt>{t("consoleLive.device")}</dt>
          <dd class="mono">{r.hw}</dd>
          <dt>{t("consoleLive.connection")}</dt>
          <dd class="mono">{r.connection}</dd>
          <dt>{t("consoleLive.flags")}</dt>
          <dd class="mono">{r.flags || "–"}</dd>
          <dt>{t("consoleLive.inbox")}</dt>
          <dd>{t(r.inbox ? "consoleLive.yes" : "consoleLive.no")}</dd>
          <dt>{t("consoleLive.since")}</dt>
          <dd>{`${full(Date.parse(r.since))} (${span(Date.now() - Date.parse(r.since))})`}</dd>
        </dl>
        <p>
          <a href={href("tracing", "user", r.sip, r.domain)}>{t("consoleLive.traceUser")}</a>
        </p>
        <p>
          <a href={href("tracing", "conn", r.connection)}>{t("consoleLive.traceConnection")}</a>
        </p>
      </div>
    </Drawer>
  );
}
