import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { dayAndClock } from "../../../ui/format.ts";
import { Banner, Empty, Skeleton } from "../../../ui/parts.tsx";
import { go } from "../../../ui/route.ts";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence, type Part } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { Table, type Column } from "../../Table.tsx";
import { restoreObject } from "./acts.ts";
import { DomainChoice } from "./parts.tsx";
import { writesHere } from "./place.ts";
import type { DeletedObject, DomainRow } from "./types.ts";

/** Deleted objects that can still be brought back. */
export function DeletedObjects({ domain }: { domain: DomainRow }) {
  const poll = usePoll((signal) => ask<Part<DeletedObject>>("GET", ["domains", domain.name, "deleted"], { signal }), 0, [domain.name]);
  const rows = poll.value.value?.items;
  const restore = async (o: DeletedObject) => {
    try {
      const back = await restoreObject(o.domain, o.id);
      toast(t("consoleDirectory.restored", { name: back.dn || back.sip }), { word: t("consoleDirectory.open"), run: () => go(["objects", String(back.id)]) });
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  return (
    <>
      <header>
        <IconButton icon="back" label={t("ui.back")} onClick={() => go(["objects"])} />
        <h1>{t("consoleDirectory.deletedTitle")}</h1>
        <span class="grow" />
        <DomainChoice />
      </header>
      <div class="body fill">
        {poll.error.value && <Banner cord="carmine" icon="offline" fact={poll.error.value} act={{ word: t("ui.tryAgain"), run: () => poll.again() }} />}
        {!rows && !poll.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {rows?.length === 0 && <Empty title={t("consoleDirectory.noneDeleted")}>{t("consoleDirectory.noneDeletedText")}</Empty>}
        {rows && rows.length > 0 && <Table label={t("consoleDirectory.deletedTitle")} rows={rows} keyOf={(o) => String(o.id)} columns={columns((o) => void restore(o))} />}
      </div>
    </>
  );
}

function columns(restore: (o: DeletedObject) => void): readonly Column<DeletedObject>[] {
  return [
    { id: "num", word: t("consoleDirectory.number"), width: "s", more: true, cell: (o) => <span class="num">{o.num}</span> },
    { id: "dn", word: t("consoleDirectory.dn"), width: "2", cell: (o) => <bdi>{o.dn || o.cn || o.sip}</bdi> },
    { id: "sip", word: t("consoleDirectory.name"), width: "2", more: true, cell: (o) => <bdi class="mono">{o.sip}</bdi> },
    { id: "type", word: t("consoleDirectory.type"), width: "m", more: true, cell: (o) => t(`consoleDirectory.types.${o.type}`) },
    { id: "deleted", word: t("consoleDirectory.deletedAt"), width: "l", more: true, cell: (o) => <span class="dim">{dayAndClock(Date.parse(o.deleted))}</span> },
    { id: "until", word: t("consoleDirectory.until"), width: "l", more: true, cell: (o) => <span class="dim">{dayAndClock(Date.parse(o.until))}</span> },
    { id: "act", word: "", width: "l", num: true, cell: (o) => writesHere.value && <Button size="s" onClick={() => restore(o)}>{t("consoleDirectory.restore")}</Button> },
  ];
}
