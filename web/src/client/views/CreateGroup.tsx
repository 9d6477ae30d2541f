import { useState } from "preact/hooks";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field, SwitchRow } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { number } from "../../ui/format.ts";
import { t } from "../../i18n/index.ts";
import type { Model, Person } from "../model/types.ts";
import { explain } from "./errors.ts";
import { PeoplePicker } from "./NewChat.tsx";
import { SearchField } from "./People.tsx";
import { openChat } from "./state.ts";

const longest = 120;

/** A new group: title, people, who may write. */
export function CreateGroup({ model, onClose }: { model: Model; onClose: () => void }) {
  const [title, setTitle] = useState("");
  const [announce, setAnnounce] = useState(false);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Person>>(new Map());
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const create = async (e: Event) => {
    e.preventDefault();
    if (title.trim() === "" || busy) return;
    setBusy(true);
    try {
      const name = await model.groups.create(title.trim(), [...chosen.keys()], announce);
      onClose();
      openChat(name);
    } catch (why) {
      setError(explain(t("shell.group.createFailed"), why));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t("shell.group.new")}
      onClose={onClose}
      class="pick"
      foot={
        <>
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" type="submit" form="new-group" disabled={title.trim() === "" || busy} aria-busy={busy}>{t("shell.group.create")}</Button>
        </>
      }
    >
      <form id="new-group" class="stack" onSubmit={create}>
        <Field label={t("shell.group.title")} value={title} onInput={setTitle} maxLength={longest} error={error} autofocus required />
        <SwitchRow label={t("shell.group.announce")} hint={t("shell.group.announceHint")} on={announce} onChange={setAnnounce} />
      </form>
      <ChoosePeople model={model} chosen={chosen} onChange={setChosen} />
    </Dialog>
  );
}

/** Several people: those chosen as tags to take away, and the search for more. */
export function ChoosePeople({ model, chosen, onChange, without }: { model: Model; chosen: ReadonlyMap<string, Person>; onChange: (m: ReadonlyMap<string, Person>) => void; without?: ReadonlySet<string> | undefined }) {
  const [query, setQuery] = useState("");
  const toggle = (p: Person) => {
    const next = new Map(chosen);
    if (!next.delete(p.sip)) next.set(p.sip, p);
    onChange(next);
  };
  return (
    <div class="stack choose">
      <span class="lab">{t("shell.group.people", { count: chosen.size, shown: number(chosen.size) })}</span>
      {chosen.size > 0 && (
        <div class="chosen" role="list">
          {[...chosen.values()].map((p) => (
            <span key={p.sip} role="listitem">
              <button type="button" class="tag" aria-label={t("shell.group.takeOut", { name: p.dn })} onClick={() => toggle(p)}>
                <bdi class="ell">{p.dn}</bdi>
                <Icon name="close" small />
              </button>
            </span>
          ))}
        </div>
      )}
      <SearchField label={t("shell.people.search")} value={query} onInput={setQuery} />
      <PeoplePicker model={model} query={query} chosen={chosen} onPick={toggle} without={without} />
    </div>
  );
}

/** Inviting people to a group that exists. */
export function InviteDialog({ model, chat, members, onClose, onDone }: { model: Model; chat: string; members: ReadonlySet<string>; onClose: () => void; onDone: () => void }) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Person>>(new Map());
  const [error, setError] = useState("");
  const invite = async () => {
    try {
      await model.groups.invite(chat, [...chosen.keys()]);
      onDone();
      onClose();
    } catch (why) {
      setError(explain(t("shell.group.inviteFailed"), why));
    }
  };
  return (
    <Dialog
      title={t("shell.group.invite")}
      onClose={onClose}
      class="pick"
      foot={
        <>
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" disabled={chosen.size === 0} onClick={() => void invite()}>{t("shell.group.invite")}</Button>
        </>
      }
    >
      <ChoosePeople model={model} chosen={chosen} onChange={setChosen} without={members} />
      {error && <p class="err" role="alert">{error}</p>}
    </Dialog>
  );
}
