// What can be done to many objects at once.
import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { number } from "../../../ui/format.ts";
import { openMenu } from "../../../ui/Menu.tsx";
import { Banner } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask } from "../../api.ts";
import { each, pathOf, removeObject, restoreObject, type Bulk } from "./acts.ts";
import { askReason } from "./parts.tsx";
import type { DirectoryObject, ListedObject } from "./types.ts";

export interface BulkActsProps {
  rows: readonly ListedObject[];
  templates: readonly DirectoryObject[];
  /** Something was done: the rows are to be read again. */
  onDone: () => void;
  onClear: () => void;
}

export function BulkActs({ rows, templates, onDone, onClear }: BulkActsProps) {
  const [at, setAt] = useState<number | undefined>();
  const [refused, setRefused] = useState<Bulk<ListedObject>["refused"]>([]);
  const run = async (act: (o: ListedObject) => Promise<unknown>, said: "changed" | "deleted") => {
    setAt(0);
    const result = await each(rows, act, undefined, setAt);
    setAt(undefined);
    setRefused(result.refused);
    const count = result.done.length;
    if (said === "deleted" && count > 0) toast(t("consoleDirectory.bulk.deleted", { count }), { word: t("ui.undo"), run: () => void each(result.done, (o) => restoreObject(o.domain, o.id)).then(onDone) });
    else if (count > 0) toast(t("consoleDirectory.bulk.changed", { count }));
    if (result.refused.length === 0) onDone();
  };
  const set = (body: object) => run((o) => ask("PATCH", pathOf(o), { body, rev: o.rev }), "changed");
  const remove = async () => {
    const reason = await askReason({ title: t("consoleDirectory.bulk.deleteTitle", { count: rows.length }), text: t("consoleDirectory.deleteText"), act: t("consoleDirectory.delete") });
    if (reason !== undefined) await run((o) => removeObject(o, reason), "deleted");
  };
  const give = (e: MouseEvent) =>
    openMenu(e.currentTarget as Element, t("consoleDirectory.template"), [
      { word: t("consoleDirectory.noTemplate"), run: () => void set({ template: "" }) },
      ...templates.map((o) => ({ word: o.dn || o.sip, run: () => void set({ template: o.sip }) })),
    ]);
  const busy = at !== undefined;
  return (
    <div class="bulk" role="group" aria-label={t("consoleDirectory.bulk.acts")}>
      <b class="num" role="status">{busy ? t("consoleDirectory.bulk.progress", { done: number(at), all: number(rows.length) }) : t("consoleDirectory.bulk.chosen", { count: rows.length, shown: number(rows.length) })}</b>
      <Button size="s" disabled={busy} onClick={() => void set({ disabled: true })}>{t("consoleDirectory.bulk.disable")}</Button>
      <Button size="s" disabled={busy} onClick={() => void set({ disabled: false })}>{t("consoleDirectory.bulk.enable")}</Button>
      <Button size="s" disabled={busy} aria-haspopup="menu" onClick={give}>{t("consoleDirectory.template")}</Button>
      <Button size="s" disabled={busy} icon="trash" class="destroys" onClick={() => void remove()}>{t("consoleDirectory.delete")}</Button>
      <span class="grow" />
      <Button size="s" kind="txt" disabled={busy} onClick={onClear}>{t("consoleDirectory.bulk.clear")}</Button>
      {refused.length > 0 && (
        <Banner cord="carmine" icon="warn" fact={t("consoleDirectory.bulk.refused", { count: refused.length })} act={{ word: t("consoleDirectory.reload"), run: onDone }}>
          {refused.slice(0, 3).map((r) => `${r.row.sip}: ${r.problem.detail}`).join(" ")}
        </Banner>
      )}
    </div>
  );
}
