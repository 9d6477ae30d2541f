import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { Field, Select, SwitchRow } from "../../../ui/Field.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, type Problem } from "../../api.ts";
import { operator } from "../../session.ts";
import { ListField } from "./ListField.tsx";
import { problemOf, Refusal } from "./parts.tsx";
import { ownOrgs } from "./place.ts";
import type { DomainRow } from "./types.ts";

export function NewDomain({ onClose, onMade }: { onClose: () => void; onMade: (d: DomainRow) => void }) {
  const orgs = ownOrgs.value;
  const [d, setDomain] = useState({ name: "", hosts: [] as readonly string[], org: orgs?.[0] ?? "", default: false });
  const [problem, setProblem] = useState<Problem | undefined>();
  const make = async () => {
    try {
      const made = await ask<DomainRow>("POST", ["domains"], { body: d });
      toast(t("consoleDirectory.made", { name: made.name }));
      onMade(made);
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  return (
    <Drawer
      title={t("consoleDomains.newDomain")}
      onClose={onClose}
      foot={
        <>
          <Button kind="pri" disabled={d.name.trim() === ""} onClick={() => void make()}>{t("consoleDirectory.make")}</Button>
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
        </>
      }
    >
      <form class="form" onSubmit={(e) => (e.preventDefault(), void make())}>
        <Refusal problem={problem} shown={["name", "hosts", "org"]} />
        <Field label={t("consoleDirectory.name")} hint={t("consoleDomains.nameHint")} value={d.name} onInput={(name) => setDomain({ ...d, name })} error={problem?.of("name")} mono autocomplete="off" spellcheck={false} required />
        <ListField label={t("consoleDomains.hosts")} hint={t("consoleDomains.hostsHint")} value={d.hosts} onInput={(hosts) => setDomain({ ...d, hosts })} error={problem?.of("hosts")} mono />
        {orgs === undefined ? (
          <Field label={t("consoleDomains.org")} hint={t("consoleDomains.orgHint")} value={d.org} onInput={(org) => setDomain({ ...d, org })} error={problem?.of("org")} autocomplete="off" />
        ) : (
          <Select label={t("consoleDomains.org")} value={d.org} options={orgs.map((value) => ({ value, word: value }))} onChange={(org) => setDomain({ ...d, org })} />
        )}
        {operator.value && <SwitchRow label={t("consoleDomains.makeDefault")} hint={t("consoleDomains.defaultHint")} on={d.default} onChange={(on) => setDomain({ ...d, default: on })} />}
        <input type="submit" hidden />
      </form>
    </Drawer>
  );
}
