import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { ask as confirm } from "../../../ui/Dialog.tsx";
import { Drawer } from "../../../ui/Drawer.tsx";
import { Select } from "../../../ui/Field.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, type Problem } from "../../api.ts";
import { changes, emptyDraft, type Draft } from "./draft.ts";
import { General, generalFields } from "./General.tsx";
import type { Lookups } from "./lookups.ts";
import { problemOf, Refusal } from "./parts.tsx";
import { objectTypes, type DirectoryObject, type DomainRow, type ObjectType } from "./types.ts";

export interface NewObjectProps {
  domain: DomainRow;
  lookups: Lookups;
  /** What it is to be; without, one chooses. */
  type?: ObjectType;
  onClose: () => void;
  onMade: (o: DirectoryObject) => void;
}

/** Makes an object. */
export function NewObject({ domain, lookups, type: fixed, onClose, onMade }: NewObjectProps) {
  const [type, setType] = useState<ObjectType>(fixed ?? "user");
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [problem, setProblem] = useState<Problem | undefined>();
  const [busy, setBusy] = useState(false);
  const dirty = Object.keys(changes(emptyDraft, draft)).length > 0;
  const close = async () => {
    if (!dirty || (await confirm({ title: t("consoleMenu.unsaved"), text: t("consoleMenu.unsavedText"), act: t("consoleMenu.discard"), bad: true }))) onClose();
  };
  const make = async () => {
    setBusy(true);
    try {
      const made = await ask<DirectoryObject>("POST", ["domains", domain.name, "objects"], { body: { type, sip: draft.sip, ...changes(emptyDraft, draft) } });
      toast(t("consoleDirectory.made", { name: made.dn || made.sip }));
      onMade(made);
    } catch (e) {
      setProblem(problemOf(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Drawer
      title={<>{t(fixed ? `consoleDirectory.newOf.${fixed}` : "consoleDirectory.newObject")}<small class="hint">{domain.name}</small></>}
      onClose={() => void close()}
      foot={
        <>
          <Button kind="pri" disabled={busy || draft.sip.trim() === ""} onClick={() => void make()}>{t("consoleDirectory.make")}</Button>
          <Button kind="txt" onClick={() => void close()}>{t("ui.cancel")}</Button>
        </>
      }
    >
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void make();
        }}
      >
        <Refusal problem={problem} shown={generalFields} />
        {!fixed && <Select label={t("consoleDirectory.type")} value={type} options={objectTypes.map((value) => ({ value, word: t(`consoleDirectory.types.${value}`) }))} onChange={setType} />}
        <General type={type} draft={draft} set={(part) => setDraft((d) => ({ ...d, ...part }))} problem={problem} domain={domain} lookups={lookups} fresh />
        <input type="submit" hidden />
      </form>
    </Drawer>
  );
}
