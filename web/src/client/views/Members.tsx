import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { ask } from "../../ui/Dialog.tsx";
import { type MenuItem, openMenu } from "../../ui/Menu.tsx";
import { Skeleton, Tag } from "../../ui/parts.tsx";
import { useRoving } from "../../ui/roving.ts";
import { toast } from "../../ui/Toast.tsx";
import { type ListHandle, VirtualList } from "../../ui/VirtualList.tsx";
import { t } from "../../i18n/index.ts";
import type { Chat, Conversation, Member, Model, Person } from "../model/types.ts";
import { explain } from "./errors.ts";
import { SearchField, openPerson, personLine } from "./People.tsx";
import { openChat } from "./state.ts";

/** Members of a group, page by page, with what one may do to each. */
export function Members({ model, chat, talk }: { model: Model; chat: Chat; talk: Conversation }) {
  const [query, setQuery] = useState("");
  const { members, loading, more, reload } = useMembers(talk, query, chat.group?.count ?? 0);
  const list = useRef<ListHandle | null>(null);
  const roving = useRoving(list, members.length, 0, "button");
  const offline = model.line.value.state !== "up";
  return (
    <div class="members" onKeyDown={roving.keys}>
      {(chat.group?.count ?? 0) > 12 && <SearchField label={t("shell.details.findMember")} value={query} onInput={setQuery} />}
      {members.length === 0 && (loading ? <Skeleton count={6} late={t("ui.loadingLong")} /> : <p class="hint padded">{t("shell.people.none", { query })}</p>)}
      {members.length > 0 && (
        <VirtualList
          class="fill"
          of={members}
          count={members.length}
          keyOf={(i) => members[i]?.person.sip ?? String(i)}
          estimate={52}
          role="list"
          rowRole="listitem"
          label={t("shell.details.tab.members")}
          handle={list}
          onRange={(_, last) => last > members.length - 20 && more()}
          render={(i) => members[i] && <Row model={model} chat={chat} member={members[i]} offline={offline} stop={roving.stop(i)} onDone={reload} />}
        />
      )}
      {chat.group?.role !== "member" && <Banned model={model} chat={chat} talk={talk} turn={members} onDone={reload} />}
    </div>
  );
}

/** Who was banned, for those who may lift it. Nothing where nobody was. */
function Banned({ model, chat, talk, turn, onDone }: { model: Model; chat: Chat; talk: Conversation; turn: unknown; onDone: () => void }) {
  const [people, setPeople] = useState<readonly Person[]>([]);
  useEffect(() => {
    let alive = true;
    talk.banned().then((list) => alive && setPeople(list), () => undefined);
    return () => void (alive = false);
  }, [talk, turn]);
  if (people.length === 0) return null;
  const lift = (p: Person) =>
    void model.groups.unban(chat.name, p.sip).then(
      () => (setPeople((list) => list.filter((x) => x.sip !== p.sip)), onDone()),
      (why: unknown) => toast(explain(t("shell.details.actFailed", { name: p.dn }), why)),
    );
  return (
    <section class="banned">
      <h3 class="hint padded">{t("shell.details.banned")}</h3>
      <ul>
        {people.map((p) => (
          <li class="mem" key={p.sip}>
            <Avatar id={p.sip} name={p.dn} size="sm" />
            <div class="grow n ell"><bdi>{p.dn}</bdi></div>
            <Button kind="txt" onClick={() => lift(p)} aria-label={t("shell.details.unbanName", { name: p.dn })}>{t("shell.details.unban")}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useMembers(talk: Conversation, query: string, count: number) {
  const [state, setState] = useState<{ members: readonly Member[]; next?: string | undefined; loading: boolean }>({ members: [], loading: true });
  const [turn, setTurn] = useState(0);
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    const timer = setTimeout(
      () =>
        talk.members(query || undefined).then(
          (r) => mine === asked.current && setState({ members: r.members, next: r.next, loading: false }),
          () => mine === asked.current && setState((s) => ({ ...s, loading: false })),
        ),
      query ? 150 : 0,
    );
    return () => clearTimeout(timer);
  }, [talk, query, turn, count]);
  const more = useCallback(() => {
    if (state.next === undefined || state.loading) return;
    const mine = asked.current;
    setState((s) => ({ ...s, loading: true }));
    talk.members(query || undefined, state.next).then(
      (r) => mine === asked.current && setState((s) => ({ members: [...s.members, ...r.members], next: r.next, loading: false })),
      () => mine === asked.current && setState((s) => ({ ...s, loading: false })),
    );
  }, [talk, query, state]);
  return { ...state, more, reload: () => setTurn((n) => n + 1) };
}

function Row({ model, chat, member: m, offline, stop, onDone }: { model: Model; chat: Chat; member: Member; offline: boolean; stop: boolean; onDone: () => void }) {
  const p = model.person(m.person.sip).value;
  const line = m.own ? t("shell.row.you") : m.muted ? t("shell.details.isMuted") : personLine(p);
  const menu = (e: Element | MouseEvent) => openMenu(e, p.dn, acts(model, chat, m, onDone));
  return (
    <div class="mem" onContextMenu={(e) => (e.preventDefault(), menu(e))}>
      <Avatar id={p.sip} name={p.dn} size="sm" presence={offline ? "offline" : p.presence} />
      <div class="grow">
        <div class="n ell"><bdi>{p.dn}</bdi></div>
        <div class="p ell"><bdi>{line}</bdi></div>
      </div>
      {m.role !== "member" && <Tag>{t(`shell.role.${m.role}`)}</Tag>}
      <IconButton icon="more" size="s" class="mem-more" label={t("shell.details.memberActs", { name: p.dn })} aria-haspopup="menu" tabIndex={stop ? 0 : -1} onClick={(e) => menu(e.currentTarget)} />
    </div>
  );
}

/** What one may do to a member: owners everything but to themselves, moderators to members. */
function acts(model: Model, chat: Chat, m: Member, onDone: () => void): (MenuItem | "-")[] {
  const own = chat.group?.role ?? "member";
  const g = model.groups;
  const sip = m.person.sip;
  const name = m.person.dn;
  const run = (f: () => Promise<void>) => () => void f().then(onDone, (why: unknown) => toast(explain(t("shell.details.actFailed", { name }), why)));
  const sure = (key: "kick" | "ban", f: () => Promise<void>) => async () => {
    if (await ask({ title: t(`shell.details.${key}Title`, { name }), text: t(`shell.details.${key}Text`, { group: chat.title }), act: t(`shell.details.${key}`), bad: true })) run(f)();
  };
  const items: (MenuItem | "-")[] = m.own ? [] : [{ word: t("shell.people.write"), icon: "chat", run: () => openChat(sip) }];
  items.push({ word: t("shell.people.show"), icon: "person", run: () => openPerson(sip) });
  const may = !m.own && (own === "owner" || (own === "admin" && m.role === "member"));
  if (!may) return items;
  items.push("-", { word: m.muted ? t("shell.details.unmute") : t("shell.details.mute"), icon: m.muted ? "mic" : "micOff", run: run(() => g.mute(chat.name, sip, !m.muted)) });
  if (own === "owner" && m.role !== "admin") items.push({ word: t("shell.details.makeAdmin"), icon: "audit", run: run(() => g.grant(chat.name, sip, "admin")) });
  if (own === "owner" && m.role === "admin") items.push({ word: t("shell.details.makeMember"), icon: "person", run: run(() => g.grant(chat.name, sip, "member")) });
  const handOver = async () => {
    if (await ask({ title: t("shell.details.makeOwnerTitle", { group: chat.title, name }), text: t("shell.details.makeOwnerText"), act: t("shell.details.makeOwner") })) run(() => g.grant(chat.name, sip, "owner"))();
  };
  if (own === "owner") items.push({ word: t("shell.details.makeOwner"), icon: "transfer", run: () => void handOver() });
  items.push("-", { word: t("shell.details.kick"), icon: "leave", bad: true, run: sure("kick", () => g.kick(chat.name, sip)) }, { word: t("shell.details.ban"), icon: "close", bad: true, run: sure("ban", () => g.ban(chat.name, sip)) });
  return items;
}
