import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { Field, Select } from "../../../ui/Field.tsx";
import { operator, you, type Grant, type Role } from "../../session.ts";

/** A grant as a form has it: what it is for is kept while the role changes. */
export interface Draft {
  readonly role: Role | "auditorAll" | "auditorOrg";
  readonly of: string;
}

const roles: readonly Draft["role"][] = ["operator", "org_admin", "domain_admin", "auditorAll", "auditorOrg", "auditor"];

export function draftOf(g: Grant): Draft {
  if (g.role === "auditor" && !g.domain) return g.org ? { role: "auditorOrg", of: g.org } : { role: "auditorAll", of: "" };
  return { role: g.role, of: g.domain ?? g.org ?? "" };
}

export function grantOf(d: Draft): Grant {
  const of = d.of.trim();
  switch (d.role) {
    case "operator":
      return { role: "operator" };
    case "auditorAll":
      return { role: "auditor" };
    case "org_admin":
      return { role: "org_admin", org: of };
    case "auditorOrg":
      return { role: "auditor", org: of };
    default:
      return { role: d.role, domain: of };
  }
}

function everywhere(d: Draft): boolean {
  return d.role === "operator" || d.role === "auditorAll";
}

/** Whether nothing is missing. */
export function complete(list: readonly Draft[]): boolean {
  return list.every((d) => everywhere(d) || d.of.trim() !== "");
}

/** What may be granted at all: nobody grants more than he has. The API decides about each. */
function offered(): readonly Draft["role"][] {
  if (operator.value) return roles;
  const org = you.value?.grants.some((g) => g.role === "org_admin");
  return roles.filter((r) => (org ? r !== "operator" && r !== "auditorAll" : r === "domain_admin" || r === "auditor"));
}

/** Grants of an account or a token. */
export function Grants({ list, onChange }: { list: readonly Draft[]; onChange: (list: readonly Draft[]) => void }) {
  const put = (i: number, d: Draft) => onChange(list.map((x, k) => (k === i ? d : x)));
  const may = offered();
  return (
    <fieldset class="grants">
      <legend class="lab">{t("consoleSettings.grants.title")}</legend>
      {list.length === 0 && <p class="hint">{t("consoleSettings.account.mayNothing")}</p>}
      {list.map((d, i) => (
        <div class="grant-row" key={i}>
          <Select
            label={t("consoleSettings.grants.role")}
            value={d.role}
            onChange={(role) => put(i, { role, of: d.of })}
            options={[...new Set([...may, d.role])].map((value) => ({ value, word: t(`consoleSettings.grants.roles.${value}`) }))}
          />
          {everywhere(d) ? (
            <span />
          ) : (
            <Field label={t(d.role === "org_admin" || d.role === "auditorOrg" ? "consoleSettings.grants.org" : "consoleSettings.grants.domain")} value={d.of} onInput={(of) => put(i, { role: d.role, of })} mono dir="ltr" />
          )}
          <IconButton icon="trash" label={t("consoleSettings.grants.drop")} onClick={() => onChange(list.filter((_, k) => k !== i))} />
        </div>
      ))}
      <div>
        <Button size="s" icon="add" onClick={() => onChange([...list, { role: may.includes("domain_admin") ? "domain_admin" : "auditor", of: "" }])}>{t("consoleSettings.grants.add")}</Button>
      </div>
    </fieldset>
  );
}
