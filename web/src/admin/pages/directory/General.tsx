// Names, number, template and login of an object.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Field, Select, SwitchRow } from "../../../ui/Field.tsx";
import { ask, type Problem } from "../../api.ts";
import type { Draft } from "./draft.ts";
import { ListField } from "./ListField.tsx";
import type { Lookups } from "./lookups.ts";
import type { DomainRow, ObjectType } from "./types.ts";

export interface FormProps {
  type: ObjectType;
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  problem: Problem | undefined;
  domain: DomainRow;
  lookups: Lookups;
  /** One sees it and changes nothing. */
  readOnly?: boolean | undefined;
  /** It is being made: a password is asked for. */
  fresh?: boolean | undefined;
}

/** Members whose errors stand at a field of this form. */
export const generalFields = ["sip", "num", "dn", "cn", "node", "template", "loc", "text", "emails", "password", "url", "group", "messages", "push"] as const;

const programs: ReadonlySet<ObjectType> = new Set(["app", "messages", "push"]);
export const isProgram = (type: ObjectType): boolean => programs.has(type);

export function General(p: FormProps) {
  const { type, draft, set, problem, domain, lookups, readOnly } = p;
  const nodes = domain.plan?.nodes ?? [];
  const numberError = useNumberError(p);
  const text = (field: "dn" | "cn" | "loc" | "text" | "url", extra: object = {}) => (
    <Field label={t(`consoleDirectory.fields.${field}`)} value={draft[field]} onInput={(v) => set({ [field]: v })} error={problem?.of(field)} readOnly={readOnly} autocomplete="off" {...extra} />
  );
  return (
    <>
      <div class="two">
        <Field label={t("consoleDirectory.fields.sip")} value={draft.sip} onInput={(sip) => set({ sip })} error={problem?.of("sip")} readOnly={readOnly} required mono autocomplete="off" spellcheck={false} />
        <Field label={t("consoleDirectory.fields.num")} value={draft.num} onInput={(num) => set({ num })} error={numberError} readOnly={readOnly} inputMode="tel" autocomplete="off" />
      </div>
      {text("dn")}
      {text("cn")}
      {type !== "template" && (
        <Select
          label={t("consoleDirectory.fields.template")}
          value={draft.template}
          options={choices(draft.template, lookups.templates.map((o) => o.sip), t("consoleDirectory.noTemplate"))}
          disabled={readOnly}
          onChange={(template) => set({ template })}
          hint={draft.template && t("consoleDirectory.templateHint")}
        />
      )}
      {nodes.length > 0 && (
        <Select label={t("consoleDirectory.fields.node")} value={draft.node} options={choices(draft.node, nodes.map((n) => n.name).filter(Boolean), t("consoleDirectory.root"))} disabled={readOnly} onChange={(node) => set({ node })} />
      )}
      {type === "group" && <Field label={t("consoleDirectory.fields.group")} hint={t("consoleDirectory.groupHint")} value={draft.group} onInput={(group) => set({ group })} error={problem?.of("group")} readOnly={readOnly} autocomplete="off" />}
      {isProgram(type) && text("url", { mono: true, type: "url" })}
      {isProgram(type) && <SwitchRow label={t("consoleDirectory.fields.websocket")} on={draft.websocket} disabled={readOnly} onChange={(websocket) => set({ websocket })} />}
      <Stores {...p} />
      <ListField label={t("consoleDirectory.fields.emails")} value={draft.emails} onInput={(emails) => set({ emails })} error={problem?.of("emails")} readOnly={readOnly} />
      {text("loc")}
      {text("text")}
      {!readOnly && type !== "template" && type !== "group" && (
        <Field label={t(p.fresh ? "consoleDirectory.fields.password" : "consoleDirectory.newPassword")} type="password" hint={t(p.fresh ? "consoleDirectory.passwordHint" : "consoleDirectory.newPasswordHint")} value={draft.password} onInput={(password) => set({ password })} error={problem?.of("password")} autocomplete="new-password" />
      )}
      <div>
        {type !== "template" && <SwitchRow label={t("consoleDirectory.fields.disabled")} hint={t("consoleDirectory.disabledHint")} on={draft.disabled} disabled={readOnly} onChange={(disabled) => set({ disabled })} />}
        {type === "user" && <SwitchRow label={t("consoleDirectory.fields.second_factor")} hint={t("consoleDirectory.secondFactorHint")} on={draft.second_factor} disabled={readOnly} onChange={(second_factor) => set({ second_factor })} />}
        <SwitchRow label={t("consoleDirectory.fields.critical")} hint={t("consoleDirectory.criticalHint")} on={draft.critical} disabled={readOnly} onChange={(critical) => set({ critical })} />
      </div>
    </>
  );
}

/** Where chats are stored and mobiles are woken; only where there is something to choose. */
function Stores({ type, draft, set, lookups, readOnly }: FormProps) {
  if (type !== "user" && type !== "template") return null;
  return (
    <>
      {(["messages", "push"] as const).map((field) => {
        const list = (field === "messages" ? lookups.messages : lookups.pushes).map((o) => o.sip);
        if (list.length === 0 && draft[field] === "") return null;
        const options = [...choices(draft[field] === ":none" ? "" : draft[field], list, t("consoleDirectory.fromTemplate")), { value: ":none", word: t("consoleDirectory.none") }];
        return <Select key={field} label={t(`consoleDirectory.fields.${field}`)} value={draft[field]} options={options} disabled={readOnly} onChange={(v) => set({ [field]: v })} />;
      })}
    </>
  );
}

/** Options of a choice that may be empty; what is chosen is among them even if it is not known any more. */
export function choices(now: string, list: readonly string[], empty: string): { value: string; word: string }[] {
  const all = now && !list.includes(now) ? [now, ...list] : list;
  return [{ value: "", word: empty }, ...all.map((v) => ({ value: v, word: v }))];
}

/** Why a number is refused; if it is taken, with numbers nearby that are free. */
function useNumberError({ problem, draft, set, domain }: FormProps): ComponentChildren {
  const [free, setFree] = useState<readonly string[]>([]);
  const taken = problem?.code === "number_taken";
  const detail = problem?.of("num");
  useEffect(() => {
    setFree([]);
    if (!taken) return;
    let live = true;
    ask<{ numbers: readonly string[] }>("GET", ["domains", domain.name, "numbers", "free"], { query: { near: draft.num, node: draft.node } }).then(
      (found) => live && setFree(found.numbers),
      () => undefined, // the refusal stands without a way out
    );
    return () => {
      live = false;
    };
  }, [problem]);
  if (!detail || free.length === 0) return detail;
  return (
    <>
      {detail} {t("consoleDirectory.freeNearby")}{" "}
      {free.map((n) => (
        <button key={n} type="button" class="lnk num" aria-label={t("consoleDirectory.takeNumber", { number: n })} onClick={() => set({ num: n })}>{n}</button>
      ))}
    </>
  );
}
