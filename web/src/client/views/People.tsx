import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Empty, Skeleton } from "../../ui/parts.tsx";
import { go, href } from "../../ui/route.ts";
import { useRoving } from "../../ui/roving.ts";
import { type ListHandle, VirtualList } from "../../ui/VirtualList.tsx";
import { t } from "../../i18n/index.ts";
import type { Model, Person } from "../model/types.ts";
import { Banners } from "./Banners.tsx";
import { closePane, onePane, openChat } from "./state.ts";

/** People of the domain by a query, page by page; typing is answered 150 ms after the last key. */
export function usePeople(model: Model, query: string) {
  const [state, setState] = useState<{ people: readonly Person[]; next?: string | undefined; loading: boolean; failed: boolean }>({ people: [], loading: true, failed: false });
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    const ask = () =>
      model.people(query).then(
        (r) => mine === asked.current && setState({ people: r.people, next: r.next, loading: false, failed: false }),
        () => mine === asked.current && setState((s) => ({ ...s, loading: false, failed: true })),
      );
    const timer = setTimeout(ask, query ? 150 : 0);
    return () => clearTimeout(timer);
  }, [model, query]);
  const more = useCallback(() => {
    const { next, loading } = state;
    if (next === undefined || loading) return;
    const mine = asked.current;
    setState((s) => ({ ...s, loading: true }));
    model.people(query, next).then(
      (r) => mine === asked.current && setState((s) => ({ people: [...s.people, ...r.people], next: r.next, loading: false, failed: false })),
      () => mine === asked.current && setState((s) => ({ ...s, loading: false })),
    );
  }, [model, query, state]);
  return { ...state, more };
}

/** "On the phone · 4211", or the note. */
export function personLine(p: Person): string {
  return [t(`ui.presence.${p.presence}`), p.note].filter(Boolean).join(" · ");
}

/** People of the domain, with presence. */
export function PeopleList({ model }: { model: Model }) {
  const [query, setQuery] = useState("");
  const { people, more, loading, failed } = usePeople(model, query);
  const list = useRef<ListHandle | null>(null);
  const roving = useRoving(list, people.length, 0, "a");
  return (
    <section class="list" aria-label={t("shell.rail.people")} data-scope="list" data-region tabIndex={-1}>
      <header>
        <h1>{t("shell.rail.people")}</h1>
      </header>
      <div class="tools">
        <SearchField label={t("shell.people.search")} value={query} onInput={setQuery} />
      </div>
      {people.length === 0 ? (
        <div class="rows">{loading ? <Skeleton late={t("ui.loadingLong")} count={9} /> : <p class="hint padded">{failed ? t("shell.people.failed") : t("shell.people.none", { query })}</p>}</div>
      ) : (
        <div class="rows" onKeyDown={roving.keys}>
          <VirtualList
            class="fill"
            of={people}
            count={people.length}
            keyOf={(i) => people[i]?.sip ?? String(i)}
            estimate={64}
            role="list"
            rowRole="listitem"
            label={t("shell.rail.people")}
            handle={list}
            onRange={(_, last) => last > people.length - 20 && more()}
            render={(i) => people[i] && <PersonRow model={model} person={people[i]} stop={roving.stop(i)} />}
          />
        </div>
      )}
    </section>
  );
}

function PersonRow({ model, person: p, stop }: { model: Model; person: Person; stop: boolean }) {
  const live = model.person(p.sip).value;
  return (
    <a class="row" href={href("people", p.sip)} tabIndex={stop ? 0 : -1}>
      <Avatar id={p.sip} name={p.dn} presence={live.presence} />
      <span class="grow">
        <span class="n"><span><bdi>{p.dn}</bdi></span></span>
        <span class="p"><bdi>{personLine(live)}</bdi></span>
      </span>
      <span class="m number">{p.num}</span>
    </a>
  );
}

/** The card of one person. */
export function PersonPage({ model, sip }: { model: Model; sip: string | undefined }) {
  if (sip === undefined)
    return (
      <main class="conv nothing" data-scope="page" data-region tabIndex={-1}>
        <Banners model={model} />
        <Empty title={t("shell.people.emptyTitle")}>{t("shell.people.emptyText")}</Empty>
      </main>
    );
  const p = model.person(sip).value;
  return (
    <main class="conv" data-scope="page" data-region tabIndex={-1}>
      <header class="bar">
        {onePane.value && <IconButton icon="back" label={t("ui.back")} onClick={closePane} />}
        <div class="who"><div class="grow"><h2>{t("shell.people.person")}</h2></div></div>
      </header>
      <Banners model={model} />
      <div class="card-page scroll" tabIndex={0}>
        <PersonCard person={p} offline={model.line.value.state !== "up"} />
        <Button kind="pri" icon="chat" onClick={() => openChat(p.sip)}>{t("shell.people.write")}</Button>
      </div>
    </main>
  );
}

/** Face, name, presence and addresses; in the page and in the details of a chat. */
export function PersonCard({ person: p, offline }: { person: Person; offline: boolean }) {
  return (
    <div class="id">
      <Avatar id={p.sip} name={p.dn} size="lg" presence={offline ? "offline" : p.presence} />
      <h3 dir="auto">{p.dn}</h3>
      <p>{offline ? t("shell.people.unknown") : t(`ui.presence.${p.presence}`)}</p>
      {p.note && !offline && <p dir="auto">{p.note}</p>}
      <dl class="facts">
        {p.num && <Fact word={t("shell.people.number")} value={p.num} link={`tel:${p.num}`} />}
        {p.email && <Fact word={t("shell.people.email")} value={p.email} link={`mailto:${p.email}`} />}
        <Fact word={t("shell.people.address")} value={p.sip} />
      </dl>
    </div>
  );
}

function Fact({ word, value, link }: { word: string; value: string; link?: string | undefined }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd dir="ltr">{link ? <a href={link} rel="noreferrer">{value}</a> : value}</dd>
    </div>
  );
}

/** A search field that looks like the finder's key. */
export function SearchField({ label, value, onInput, autofocus }: { label: string; value: string; onInput: (v: string) => void; autofocus?: boolean }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (autofocus) box.current?.focus();
  }, []);
  return (
    <div class="search field-like" role="search">
      <Icon name="search" small />
      <input ref={box} type="search" dir="auto" value={value} placeholder={label} aria-label={label} onInput={(e) => onInput(e.currentTarget.value)} />
      {value !== "" && <IconButton icon="close" size="s" label={t("shell.clear")} onClick={() => (onInput(""), box.current?.focus())} />}
    </div>
  );
}

export function openPerson(sip: string): void {
  go(["people", sip]);
}
