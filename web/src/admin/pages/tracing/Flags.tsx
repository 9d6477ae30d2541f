import { useEffect, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { Switch } from "../../../ui/Field.tsx";
import { length } from "../../../ui/format.ts";
import { toast } from "../../../ui/Toast.tsx";
import { sentence } from "../../api.ts";
import type { Polled } from "../../poll.ts";
import { operator } from "../../session.ts";
import { everywhere, switchOff, switchOn, type Flag, type Rule, type Scope } from "./rules.ts";
import { ScopeDialog } from "./ScopeDialog.tsx";

const groups: readonly { readonly word: string; readonly flags: readonly Flag[] }[] = [
  { word: "switch", flags: ["PBX", "HTTP/Servlets"] },
  { word: "messages", flags: ["App Websocket", "Database", "Signalling", "App"] },
  { word: "clients", flags: ["Browser Console"] },
];

/** The flags as switches; one that is on shows where and how long. */
export function Flags({ rules, start }: { rules: Polled<readonly Rule[]>; start: Scope }) {
  const [asked, setAsked] = useState<{ flag: Flag; scope: Scope; old?: Rule } | undefined>();
  const list = rules.value.value ?? [];
  const turn = async (flag: Flag, on: boolean) => {
    // Who does not see the whole installation has to say where.
    if (on && start === everywhere && !operator.value) return setAsked({ flag, scope: start });
    try {
      if (on) await switchOn({ flag, scope: start, for: "30m", content: false, reason: "" });
      else await Promise.all(list.filter((r) => r.flags.includes(flag)).map(switchOff));
    } catch (e) {
      toast(sentence(e));
    }
    rules.again();
  };
  return (
    <section class="flags" aria-label={t("consoleTracing.flags")}>
      {groups.map((g) => (
        <div key={g.word}>
          <h2>{t(`consoleTracing.groups.${g.word}`)}</h2>
          {g.flags.map((flag) => {
            const own = list.filter((r) => r.flags.includes(flag));
            return (
              <div class="flag" key={flag}>
                <b>{flag.replace("/", " / ")}</b>
                <Switch label={flag} on={own.length > 0} onChange={(on) => void turn(flag, on)} />
                <small>{t(`consoleTracing.about.${flag.replace(/\W/g, "")}`)}</small>
                {own.map((r) => (
                  <RuleLine key={r.id} rule={r} onScope={() => setAsked({ flag, scope: scopeOf(r), old: r })} />
                ))}
              </div>
            );
          })}
        </div>
      ))}
      {asked && (
        <ScopeDialog
          {...asked}
          onClose={() => setAsked(undefined)}
          onDone={() => {
            setAsked(undefined);
            rules.again();
          }}
        />
      )}
    </section>
  );
}

function scopeOf(r: Rule): Scope {
  return { domain: r.domain ?? "", user: r.user ?? "", connection: r.connection ?? "", call: r.call ?? "" };
}

/** Where a trace holds, in a word. */
export function scopeWord(r: Rule): string {
  if (r.call) return t("consoleTracing.ofCall", { call: r.call });
  if (r.connection) return t("consoleTracing.ofConnection", { connection: r.connection });
  if (r.user) return r.user;
  return r.domain ?? t("consoleTracing.everywhere");
}

function RuleLine({ rule, onScope }: { rule: Rule; onScope: () => void }) {
  return (
    <div class="scope">
      <button class="filt" onClick={onScope} aria-label={t("consoleTracing.change", { scope: scopeWord(rule) })}>
        <bdi>{scopeWord(rule)}</bdi>
        <Icon name="down" small />
      </button>
      {rule.contentUntil && <span class="tag carmine">{t("consoleTracing.withContent")}</span>}
      {rule.until && <Left until={Date.parse(rule.until)} />}
    </div>
  );
}

/** Time that is left, by the second. */
function Left({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span class="left num">{t("consoleTracing.left", { time: length(Math.max(0, until - now)) })}</span>;
}
