import { useRef, useState } from "preact/hooks";
import { Avatar } from "../../ui/Avatar.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Skeleton } from "../../ui/parts.tsx";
import { useRoving } from "../../ui/roving.ts";
import { type ListHandle, VirtualList } from "../../ui/VirtualList.tsx";
import { t } from "../../i18n/index.ts";
import type { Model, Person } from "../model/types.ts";
import { SearchField, personLine, usePeople } from "./People.tsx";
import { openChat, overlay } from "./state.ts";

/** New chat: find a person, or go on to a group. */
export function NewChat({ model, onClose }: { model: Model; onClose: () => void }) {
  const [query, setQuery] = useState("");
  const pick = (p: Person) => {
    onClose();
    openChat(p.sip);
  };
  return (
    <Dialog title={t("shell.list.new")} onClose={onClose} class="pick">
      <button type="button" class="set" onClick={() => void (overlay.value = "newgroup")}>
        <Icon name="people" />
        <span class="grow">{t("shell.group.new")}</span>
        <Icon name="next" small />
      </button>
      <SearchField label={t("shell.people.search")} value={query} onInput={setQuery} autofocus />
      <PeoplePicker model={model} query={query} onPick={pick} />
    </Dialog>
  );
}

export interface PeoplePickerProps {
  model: Model;
  query: string;
  onPick: (p: Person) => void;
  /** Those with a tick: the picker of several. */
  chosen?: ReadonlyMap<string, Person> | undefined;
  /** Not to be chosen: they are in already. */
  without?: ReadonlySet<string> | undefined;
}

/** People to press, found by a query; arrows move, Enter picks. */
export function PeoplePicker({ model, query, onPick, chosen, without }: PeoplePickerProps) {
  const { people: found, more, loading, failed } = usePeople(model, query);
  const own = model.me.value?.sip;
  const people = found.filter((p) => p.sip !== own && !without?.has(p.sip));
  const list = useRef<ListHandle | null>(null);
  const roving = useRoving(list, people.length, 0, "button");
  if (people.length === 0) return <div class="picker">{loading ? <Skeleton count={4} late={t("ui.loadingLong")} /> : <p class="hint" role="status">{failed ? t("shell.people.failed") : t("shell.people.none", { query })}</p>}</div>;
  return (
    <div class="picker" onKeyDown={roving.keys}>
      <VirtualList
        class="fill"
        of={people}
        count={people.length}
        keyOf={(i) => people[i]?.sip ?? String(i)}
        estimate={52}
        role="list"
        rowRole="listitem"
        label={t("shell.rail.people")}
        handle={list}
        onRange={(_, last) => last > people.length - 20 && more()}
        render={(i) => {
          const p = people[i];
          if (!p) return null;
          return (
            <button type="button" class="mem" tabIndex={roving.stop(i) ? 0 : -1} aria-pressed={chosen?.has(p.sip)} onClick={() => onPick(p)}>
              <Avatar id={p.sip} name={p.dn} size="sm" presence={p.presence} />
              <span class="grow">
                <span class="n ell block"><bdi>{p.dn}</bdi></span>
                <span class="p ell block"><bdi>{[p.num, personLine(p)].filter(Boolean).join(" · ")}</bdi></span>
              </span>
              {chosen?.has(p.sip) && <Icon name="check" />}
            </button>
          );
        }}
      />
    </div>
  );
}
