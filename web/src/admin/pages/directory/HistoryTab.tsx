// What was done to an object, from the audit log: by its id, whatever it was called.
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { full, rowTime } from "../../../ui/format.ts";
import { Skeleton, Tag } from "../../../ui/parts.tsx";
import { ask, type Part } from "../../api.ts";
import type { AuditEntry } from "../../types.ts";
import { usePages } from "./pages.ts";
import type { DirectoryObject } from "./types.ts";

export function HistoryTab({ o }: { o: DirectoryObject }) {
  const list = usePages<AuditEntry>(
    ({ cursor, signal }) => ask<Part<AuditEntry>>("GET", ["audit"], { query: { domain: o.domain, object: o.id, object_kind: "object", limit: 50, cursor }, signal }),
    [o.id, o.rev],
  );
  const rows = list.rows.value;
  if (!rows) return list.error.value ? <p class="hint">{list.error.value}</p> : <Skeleton kind="lines" count={4} />;
  if (rows.length === 0) return <p class="hint">{t("consoleDirectory.noHistory")}</p>;
  return (
    <>
      <ol class="history">
        {rows.map((e) => (
          <Entry key={e.number} e={e} />
        ))}
      </ol>
      {list.total.value === undefined && (
        <div>
          <Button size="s" onClick={list.more}>{t("consoleDirectory.older")}</Button>
        </div>
      )}
    </>
  );
}

function Entry({ e }: { e: AuditEntry }) {
  const time = Date.parse(e.time);
  return (
    <li>
      <div class="history-head">
        <b class="mono">{e.act}</b>
        {e.outcome !== "done" && <Tag cord="carmine">{e.code || e.outcome}</Tag>}
        <span class="grow" />
        <time dateTime={e.time} title={full(time)}>{rowTime(time)}</time>
      </div>
      <small>
        <bdi>{e.actor.name || e.actor.kind}</bdi>
        {e.reason && <>{" · "}<q>{e.reason}</q></>}
      </small>
      {(e.details ?? []).length > 0 && (
        <dl class="facts">
          {(e.details ?? []).map((d) => (
            <div key={d.name} class="fact-row">
              <dt class="mono">{d.name}</dt>
              <dd>
                {d.old && <del>{d.old}</del>}
                {d.old && d.new && " "}
                {d.new && <ins>{d.new}</ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
