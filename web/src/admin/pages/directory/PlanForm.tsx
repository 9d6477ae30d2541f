// How numbers are dialled in a domain, and rules for calls.
import { t } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { Field, Select } from "../../../ui/Field.tsx";
import { choices } from "./General.tsx";
import { Lines } from "./parts.tsx";
import { useLookups } from "./lookups.ts";
import type { Filter, Plan, PlanNode, PlanRoute, Rule } from "./types.ts";

const put = <T,>(list: readonly T[], at: number, part: Partial<T>): readonly T[] => list.map((x, i) => (i === at ? { ...x, ...part } : x));
const drop = <T,>(list: readonly T[], at: number): readonly T[] => list.filter((_, i) => i !== at);
const count = (text: string): number => Math.min(99, Number(text.replace(/\D/g, "")) || 0);

interface PlanFormProps {
  domain: string;
  plan: Plan;
  set: (plan: Plan) => void;
  readOnly: boolean;
}

export function PlanForm({ domain, plan, set, readOnly }: PlanFormProps) {
  const prefix = (field: "intl" | "ntl" | "subs" | "area" | "country") => (
    <Field label={t(`consoleDomains.prefixes.${field}`)} value={plan[field] ?? ""} onInput={(v) => set({ ...plan, [field]: v })} readOnly={readOnly} inputMode="tel" autocomplete="off" />
  );
  return (
    <>
      <div class="two">
        {prefix("intl")}
        {prefix("ntl")}
        {prefix("subs")}
        {prefix("area")}
        {prefix("country")}
        <Field label={t("consoleDomains.maxIntern")} value={plan.max_intern ? String(plan.max_intern) : ""} onInput={(v) => set({ ...plan, max_intern: count(v) })} readOnly={readOnly} inputMode="numeric" autocomplete="off" />
      </div>
      <Nodes nodes={plan.nodes ?? []} set={(nodes) => set({ ...plan, nodes })} readOnly={readOnly} />
      <Routes domain={domain} routes={plan.routes ?? []} set={(routes) => set({ ...plan, routes })} readOnly={readOnly} />
    </>
  );
}

function Nodes({ nodes, set, readOnly }: { nodes: readonly PlanNode[]; set: (nodes: readonly PlanNode[]) => void; readOnly: boolean }) {
  return (
    <Lines legend={t("consoleDomains.nodes")} hint={t("consoleDomains.nodesHint")} add={t("consoleDomains.addNode")} onAdd={readOnly ? undefined : () => set([...nodes, { name: "", prefix: "" }])}>
      {nodes.map((n, i) => (
        <div class="line" key={i}>
          <Field class="bare" label={t("consoleDomains.nodeName")} placeholder={t("consoleDomains.nodeName")} value={n.name} onInput={(name) => set(put(nodes, i, { name }))} readOnly={readOnly} autocomplete="off" />
          <Field class="bare" label={t("consoleDomains.prefix")} placeholder={t("consoleDomains.prefix")} value={n.prefix} onInput={(v) => set(put(nodes, i, { prefix: v }))} readOnly={readOnly} inputMode="tel" autocomplete="off" />
          <Select bare label={t("consoleDomains.parent")} value={n.parent ?? ""} options={choices(n.parent ?? "", nodes.map((x) => x.name).filter((x) => x && x !== n.name), t("consoleDirectory.root"))} disabled={readOnly} onChange={(parent) => set(put(nodes, i, { parent }))} />
          {!readOnly && <IconButton icon="close" size="s" label={t("consoleDomains.removeNode", { name: n.name })} onClick={() => set(drop(nodes, i))} />}
        </div>
      ))}
    </Lines>
  );
}

function Routes({ domain, routes, set, readOnly }: { domain: string; routes: readonly PlanRoute[]; set: (routes: readonly PlanRoute[]) => void; readOnly: boolean }) {
  const gateways = useLookups(domain).gateways.map((o) => o.sip);
  return (
    <Lines
      legend={t("consoleDomains.routes")}
      hint={t(gateways.length === 0 && routes.length === 0 ? "consoleDomains.noGateways" : "consoleDomains.routesHint")}
      add={t("consoleDomains.addRoute")}
      onAdd={readOnly || gateways.length === 0 ? undefined : () => set([...routes, { prefix: "", to: gateways[0] ?? "" }])}
    >
      {routes.map((r, i) => (
        <div class="line" key={i}>
          <Field class="bare" label={t("consoleDomains.prefix")} placeholder={t("consoleDomains.prefix")} value={r.prefix} onInput={(prefix) => set(put(routes, i, { prefix }))} readOnly={readOnly} inputMode="tel" autocomplete="off" />
          <Select bare label={t("consoleDomains.to")} value={r.to} options={[...new Set([r.to, ...gateways])].map((value) => ({ value, word: value }))} disabled={readOnly} onChange={(to) => set(put(routes, i, { to }))} />
          <Field class="bare digits" label={t("consoleDomains.min")} placeholder={t("consoleDomains.min")} value={r.min ? String(r.min) : ""} onInput={(v) => set(put(routes, i, { min: count(v) }))} readOnly={readOnly} inputMode="numeric" />
          <Field class="bare digits" label={t("consoleDomains.max")} placeholder={t("consoleDomains.max")} value={r.max ? String(r.max) : ""} onInput={(v) => set(put(routes, i, { max: count(v) }))} readOnly={readOnly} inputMode="numeric" />
          {!readOnly && <IconButton icon="close" size="s" label={t("consoleDomains.removeRoute", { prefix: r.prefix })} onClick={() => set(drop(routes, i))} />}
        </div>
      ))}
    </Lines>
  );
}

export function FiltersForm({ filters, set, readOnly }: { filters: readonly Filter[]; set: (filters: readonly Filter[]) => void; readOnly: boolean }) {
  return (
    <Lines legend={t("consoleDomains.filters")} hint={t("consoleDomains.filtersHint")} add={t("consoleDomains.addFilter")} onAdd={readOnly ? undefined : () => set([...filters, { name: "", rules: [], otherwise: true }])}>
      {filters.map((f, i) => (
        <div class="allow" key={i}>
          <div class="line">
            <Field class="bare" label={t("consoleDomains.filterName")} placeholder={t("consoleDomains.filterName")} value={f.name} onInput={(name) => set(put(filters, i, { name }))} readOnly={readOnly} autocomplete="off" />
            {!readOnly && <IconButton icon="trash" size="s" label={t("consoleDomains.removeFilter", { name: f.name })} onClick={() => set(drop(filters, i))} />}
          </div>
          <Rules rules={f.rules ?? []} set={(rules) => set(put(filters, i, { rules }))} readOnly={readOnly} />
          <Select label={t("consoleDomains.otherwise")} value={f.otherwise ? "yes" : "no"} options={permits()} disabled={readOnly} onChange={(v) => set(put(filters, i, { otherwise: v === "yes" }))} />
        </div>
      ))}
    </Lines>
  );
}

const permits = () => [{ value: "yes", word: t("consoleDomains.allowed") }, { value: "no", word: t("consoleDomains.forbidden") }];

/** A rule is about a prefix if it is digits, about an object if it is a name. */
const ruleOf = (text: string, allow: boolean): Rule => (/^[\d*#]*$/.test(text) ? { prefix: text, allow } : { sip: text, allow });

function Rules({ rules, set, readOnly }: { rules: readonly Rule[]; set: (rules: readonly Rule[]) => void; readOnly: boolean }) {
  return (
    <Lines legend={t("consoleDomains.rules")} add={t("consoleDirectory.addAllow")} onAdd={readOnly ? undefined : () => set([...rules, { prefix: "", allow: false }])}>
      {rules.map((r, i) => (
        <div class="line" key={i}>
          <Field class="bare" label={t("consoleDomains.ruleFor")} placeholder={t("consoleDomains.ruleFor")} value={r.sip ?? r.prefix ?? ""} onInput={(v) => set(rules.map((x, k) => (k === i ? ruleOf(v, x.allow) : x)))} readOnly={readOnly} autocomplete="off" />
          <Select bare label={t("consoleDomains.permit")} value={r.allow ? "yes" : "no"} options={permits()} disabled={readOnly} onChange={(v) => set(put(rules, i, { allow: v === "yes" }))} />
          {!readOnly && <IconButton icon="close" size="s" label={t("consoleDomains.removeRule")} onClick={() => set(drop(rules, i))} />}
        </div>
      ))}
    </Lines>
  );
}
