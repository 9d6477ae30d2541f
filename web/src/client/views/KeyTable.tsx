import { Dialog } from "../../ui/Dialog.tsx";
import { SwitchRow } from "../../ui/Field.tsx";
import { caps, commandList, singleKeys } from "../../ui/keys.ts";
import { t } from "../../i18n/index.ts";

/** The table of keys (?), written from what can be done now. */
export function KeyTable({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t("shell.keys.title")} onClose={onClose} wide>
      <KeyList />
      <SwitchRow label={t("shell.keys.single")} hint={t("shell.keys.singleHint")} on={singleKeys.value} onChange={(on) => void (singleKeys.value = on)} />
    </Dialog>
  );
}

const order = ["global", "rail", "list", "conversation", "composer", "details", "page", "trace"] as const;

export function KeyList() {
  const groups = order.map((scope) => ({ scope, list: commandList.value.filter((c) => (c.scope ?? "global") === scope) })).filter((g) => g.list.length > 0);
  return (
    <>
      {groups.map((g) => (
        <section key={g.scope} class="key-group">
          <h3>{t(`shell.keys.scope.${g.scope}`)}</h3>
          <dl class="key-list">
            {g.list.map((c, i) => (
              <div key={i}>
                <dt>{c.word()}</dt>
                <dd>{(typeof c.keys === "string" ? [c.keys] : c.keys).map((k) => caps(k).map((step, j) => <span key={`${k}${j}`} class="keycaps">{step.map((cap) => <kbd key={cap} class="kbd">{cap}</kbd>)}</span>))}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}
