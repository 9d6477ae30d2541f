import { SwitchRow } from "../../../ui/Field.tsx";
import { caps, singleKeys } from "../../../ui/keys.ts";
import { t } from "../../../i18n/index.ts";

/** What each page of the console can be told by keys. Pages register them when they are opened, so they are named here once more. */
const table: readonly { readonly scope: string; readonly list: readonly { readonly keys: string; readonly word: string }[] }[] = [
  {
    scope: "lists",
    list: [
      { keys: "J", word: "consoleTable.down" },
      { keys: "K", word: "consoleTable.up" },
      { keys: "Enter", word: "consoleTable.open" },
      { keys: "/", word: "consoleSettings.keys.search" },
      { keys: "N", word: "consoleSettings.keys.add" },
      { keys: "Escape", word: "consoleSettings.keys.close" },
      { keys: "?", word: "consoleSettings.keys.table" },
    ],
  },
  {
    scope: "tracing",
    list: [
      { keys: "Space", word: "consoleTracing.pause" },
      { keys: "F", word: "consoleTracing.followCall" },
    ],
  },
  {
    scope: "choices",
    list: [
      { keys: "ArrowLeft", word: "consoleSettings.keys.before" },
      { keys: "ArrowRight", word: "consoleSettings.keys.next" },
      { keys: "Space", word: "consoleSettings.keys.press" },
    ],
  },
];

/** The table of keys. */
export function Keys() {
  return (
    <section class="card">
      <h2>{t("consoleSettings.tabs.keys")}</h2>
      <SwitchRow label={t("consoleSettings.keys.single")} hint={t("consoleSettings.keys.singleHint")} on={singleKeys.value} onChange={(on) => void (singleKeys.value = on)} />
      {table.map((g) => (
        <section key={g.scope} class="key-group">
          <h3>{t(`consoleSettings.keys.scope.${g.scope}`)}</h3>
          <dl class="key-list">
            {g.list.map((c) => (
              <div key={c.keys}>
                <dt>{t(c.word)}</dt>
                <dd>
                  {caps(c.keys).map((step, i) => (
                    <span key={i} class="keycaps">{step.map((cap) => <kbd key={cap} class="kbd">{cap}</kbd>)}</span>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </section>
  );
}
