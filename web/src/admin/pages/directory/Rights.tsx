// What an object may, and who sees what of it.
import { t } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { Checkbox, Field, Select, SwitchRow } from "../../../ui/Field.tsx";
import { number } from "../../../ui/format.ts";
import { choices, isProgram, type FormProps } from "./General.tsx";
import { Lines } from "./parts.tsx";
import { ListField } from "./ListField.tsx";
import { sights, type Allow, type Diversion, type Membership } from "./types.ts";

/** Members whose errors stand at a field of this form. */
export const rightsFields = ["blocked", "apps", "apis"] as const;

export function Rights(p: FormProps) {
  const { type, draft, set, problem, domain, lookups, readOnly } = p;
  const filters = domain.filters ?? [];
  return (
    <>
      <Licences {...p} />
      <Groups {...p} />
      <Visibility {...p} />
      <ListField label={t("consoleDirectory.fields.blocked")} hint={t("consoleDirectory.blockedHint")} value={draft.blocked} onInput={(blocked) => set({ blocked })} error={problem?.of("blocked")} readOnly={readOnly} mono />
      {(filters.length > 0 || draft.filter) && (
        <Select label={t("consoleDirectory.fields.filter")} value={draft.filter} options={choices(draft.filter, filters.map((f) => f.name), t("consoleDirectory.fromTemplate"))} disabled={readOnly} onChange={(filter) => set({ filter })} />
      )}
      {type === "user" && <Diversions {...p} />}
      {(lookups.apps.length > 0 || draft.apps.length > 0) && !isProgram(type) && (
        <Lines legend={t("consoleDirectory.fields.apps")}>
          {[...new Set([...lookups.apps.map((a) => a.sip), ...draft.apps])].map((app) => (
            <div class="opt" key={app}>
              <Checkbox label={app} on={draft.apps.includes(app)} disabled={readOnly} onChange={(on) => set({ apps: on ? [...draft.apps, app] : draft.apps.filter((x) => x !== app) })} />
            </div>
          ))}
        </Lines>
      )}
      {isProgram(type) && <ListField label={t("consoleDirectory.fields.apis")} value={draft.apis} onInput={(apis) => set({ apis })} error={problem?.of("apis")} readOnly={readOnly} mono />}
      <SwitchRow label={t("consoleDirectory.fields.override_cli")} hint={t("consoleDirectory.overrideHint")} on={draft.override_cli} disabled={readOnly} onChange={(override_cli) => set({ override_cli })} />
    </>
  );
}

/** Licences that are counted are assigned one by one; the others are for everybody. */
function Licences({ draft, set, lookups, readOnly }: FormProps) {
  const holds = lookups.licences;
  if (!holds || (holds.unlimited && draft.app_lics.length === 0)) return <p class="hint">{t(holds ? "consoleDirectory.unlimited" : "consoleDirectory.noLicences")}</p>;
  const counted = holds.features.filter((f) => f.entitled !== undefined);
  const names = [...new Set([...counted.map((f) => f.name), ...draft.app_lics])];
  return (
    <Lines legend={t("consoleDirectory.fields.app_lics")} hint={t("consoleDirectory.licencesHint")}>
      {names.length === 0 && <p class="hint">{t("consoleDirectory.noneCounted")}</p>}
      {names.map((name) => {
        const f = counted.find((x) => x.name === name);
        return (
          <div class="opt" key={name}>
            <span class="grow">
              <Checkbox label={name} on={draft.app_lics.includes(name)} disabled={readOnly} onChange={(on) => set({ app_lics: on ? [...draft.app_lics, name] : draft.app_lics.filter((x) => x !== name) })} />
            </span>
            <span class="hint num">{f ? t("consoleDirectory.ofSeats", { used: number(f.assigned ?? 0), all: number(f.entitled ?? 0) }) : t("consoleDirectory.notHeld")}</span>
          </div>
        );
      })}
    </Lines>
  );
}

const patch = <T,>(list: readonly T[], at: number, part: Partial<T>): readonly T[] => list.map((x, i) => (i === at ? { ...x, ...part } : x));
const without = <T,>(list: readonly T[], at: number): readonly T[] => list.filter((_, i) => i !== at);

function Remove({ label, onClick, hidden }: { label: string; onClick: () => void; hidden: boolean | undefined }) {
  return hidden ? null : <IconButton icon="close" size="s" label={label} onClick={onClick} />;
}

function Groups({ draft, set, lookups, readOnly }: FormProps) {
  const change = (groups: readonly Membership[]) => set({ groups });
  return (
    <Lines legend={t("consoleDirectory.fields.groups")} add={t("consoleDirectory.addGroup")} onAdd={readOnly ? undefined : () => change([...draft.groups, { name: "" }])}>
      <datalist id="known-groups">
        {lookups.groups.map((g) => (
          <option key={g.name} value={g.name} />
        ))}
      </datalist>
      {draft.groups.map((g, i) => (
        <div class="line" key={i}>
          <Field label={t("consoleDirectory.groupName")} class="bare" value={g.name} onInput={(name) => change(patch(draft.groups, i, { name }))} list="known-groups" readOnly={readOnly} autocomplete="off" />
          <Select
            bare
            label={t("consoleDirectory.takesPart")}
            value={g.dyn ?? ""}
            options={[{ value: "", word: t("consoleDirectory.dyn.always") }, { value: "in", word: t("consoleDirectory.dyn.in") }, { value: "out", word: t("consoleDirectory.dyn.out") }]}
            disabled={readOnly}
            onChange={(dyn) => change(patch(draft.groups, i, { dyn }))}
          />
          <Remove label={t("consoleDirectory.removeGroup", { name: g.name })} hidden={readOnly} onClick={() => change(without(draft.groups, i))} />
        </div>
      ))}
    </Lines>
  );
}

function Visibility({ draft, set, readOnly }: FormProps) {
  const change = (allows: readonly Allow[]) => set({ allows });
  const hide = draft.hide === null ? "" : draft.hide ? "yes" : "no";
  return (
    <>
      <Select
        label={t("consoleDirectory.fields.hide")}
        value={hide}
        options={[{ value: "", word: t("consoleDirectory.fromTemplate") }, { value: "no", word: t("consoleDirectory.hides.no") }, { value: "yes", word: t("consoleDirectory.hides.yes") }]}
        disabled={readOnly}
        onChange={(v) => set({ hide: v === "" ? null : v === "yes" })}
      />
      <Lines legend={t("consoleDirectory.fields.allows")} hint={t("consoleDirectory.allowsHint")} add={t("consoleDirectory.addAllow")} onAdd={readOnly ? undefined : () => change([...draft.allows, { grp: "", visible: true }])}>
        {draft.allows.map((a, i) => (
          <AllowLine key={i} a={a} readOnly={readOnly} onChange={(x) => change(draft.allows.map((y, k) => (k === i ? x : y)))} onRemove={() => change(without(draft.allows, i))} />
        ))}
      </Lines>
    </>
  );
}

function AllowLine({ a, readOnly, onChange, onRemove }: { a: Allow; readOnly: boolean | undefined; onChange: (a: Allow) => void; onRemove: () => void }) {
  const kind = a.grp !== undefined ? "grp" : "name";
  const who = a.grp ?? a.name ?? "";
  const to = (k: "grp" | "name", value: string) => {
    const { name: _name, grp: _grp, ...rest } = a;
    onChange({ ...rest, [k]: value });
  };
  return (
    <div class="allow">
      <div class="line">
        <Select bare label={t("consoleDirectory.who")} value={kind} options={[{ value: "grp", word: t("consoleDirectory.whoGroup") }, { value: "name", word: t("consoleDirectory.whoName") }]} disabled={readOnly} onChange={(k) => to(k, who)} />
        <Field label={t("consoleDirectory.whoValue")} class="bare" value={who} onInput={(v) => to(kind, v)} readOnly={readOnly} autocomplete="off" />
        <Remove label={t("consoleDirectory.removeAllow", { name: who })} hidden={readOnly} onClick={onRemove} />
      </div>
      <div class="sights">
        {sights.map((s) => (
          <Checkbox key={s} label={t(`consoleDirectory.sights.${s}`)} on={a[s] ?? false} disabled={readOnly} onChange={(on) => onChange({ ...a, [s]: on })} />
        ))}
      </div>
    </div>
  );
}

const kinds = ["cfu", "cfb", "cfnr"] as const;

function Diversions({ draft, set, readOnly }: FormProps) {
  const change = (diversions: readonly Diversion[]) => set({ diversions });
  return (
    <Lines legend={t("consoleDirectory.fields.diversions")} add={t("consoleDirectory.addDiversion")} onAdd={readOnly ? undefined : () => change([...draft.diversions, { type: "cfnr", num: "" }])}>
      {draft.diversions.map((d, i) => (
        <div class="line" key={i}>
          <Select bare label={t("consoleDirectory.when")} value={d.type} options={kinds.map((value) => ({ value: value as string, word: t(`consoleDirectory.diversions.${value}`) }))} disabled={readOnly} onChange={(type) => change(patch(draft.diversions, i, { type }))} />
          <Field
            label={t("consoleDirectory.divertTo")}
            class="bare"
            placeholder={t("consoleDirectory.divertTo")}
            value={d.num || d.sip || ""}
            onInput={(to) => change(draft.diversions.map((x, k) => (k === i ? { type: x.type, ...(/^[\d*#]*$/.test(to) ? { num: to } : { sip: to }) } : x)))}
            readOnly={readOnly}
            autocomplete="off"
          />
          <Remove label={t("consoleDirectory.removeDiversion")} hidden={readOnly} onClick={() => change(without(draft.diversions, i))} />
        </div>
      ))}
    </Lines>
  );
}
