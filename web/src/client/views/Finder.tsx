import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Avatar } from "../../ui/Avatar.tsx";
import { IconButton, Kbd } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { rowTime } from "../../ui/format.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { IconName } from "../../ui/icons.ts";
import { useLate } from "../../ui/parts.tsx";
import { coarse } from "../../ui/theme.ts";
import { t } from "../../i18n/index.ts";
import type { Chat, Hit, Model, Person } from "../model/types.ts";
import { actionsOf } from "./actions.ts";
import { marksOf, matchesQuery } from "./match.ts";
import { openChat } from "./state.ts";

type Scope = "all" | "people" | "chats" | "messages" | "actions";
const scopes: readonly Scope[] = ["all", "people", "chats", "messages", "actions"];

interface Result {
  readonly key: string;
  readonly kind: Exclude<Scope, "all">;
  readonly title: string;
  readonly marks: readonly (readonly [number, number])[];
  readonly line: string;
  readonly end?: string | undefined;
  readonly face?: { readonly id: string; readonly group: boolean; readonly person?: Person | undefined } | undefined;
  readonly icon?: IconName | undefined;
  readonly run: () => void;
}

/** Find or jump to (mock 05): chats, people, messages and acts; Tab narrows, arrows choose, Enter opens. */
export function Finder({ model, onClose }: { model: Model; onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [scope, setScope] = useState<Scope>("all");
  const [chosen, setChosen] = useState(0);
  const { people, hits, busy, ms } = useRemote(model, query);
  const results = useMemo(() => collect(model, query, scope, people, hits, onClose), [query, scope, people, hits]);
  useEffect(() => setChosen(0), [query, scope]);
  const list = useRef<HTMLDivElement>(null);
  const at = Math.min(chosen, results.length - 1);
  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [at]);
  const keys = (e: KeyboardEvent) => {
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && results.length > 0) setChosen((at + step + results.length) % results.length);
    else if (e.key === "Tab") setScope(scopes[(scopes.indexOf(scope) + (e.shiftKey ? -1 : 1) + scopes.length) % scopes.length] ?? "all");
    else if (e.key === "Enter" && !e.isComposing) results[at]?.run();
    else return;
    e.preventDefault();
  };
  return (
    <Dialog title={t("shell.finder.label")} onClose={onClose} bare wide class="finder-dialog">
      <div class="finder" onKeyDown={keys}>
        <div class="q">
          <Icon name="search" />
          <input class="grow" type="text" dir="auto" role="combobox" aria-expanded="true" aria-controls="finder-results" aria-activedescendant={results[at] ? `fr-${at}` : undefined} aria-label={t("shell.finder.label")} placeholder={t("shell.finder.label")} value={query} autofocus spellcheck={false} autocomplete="off" onInput={(e) => setQuery(e.currentTarget.value)} />
          {coarse.value ? <IconButton icon="close" label={t("ui.close")} onClick={onClose} /> : <Kbd keys="Esc" />}
        </div>
        <div class="sc">
          <div class="seg" role="group" aria-label={t("shell.finder.scope")}>
            {scopes.map((s) => (
              <button key={s} type="button" tabIndex={-1} aria-pressed={s === scope} onClick={() => setScope(s)}>{t(`shell.finder.${s}`)}</button>
            ))}
          </div>
        </div>
        <div id="finder-results" ref={list} class="results" role="listbox" aria-label={t("shell.finder.results")}>
          {results.map((r, i) => (
            <Row key={r.key} result={r} index={i} selected={i === at} head={i === 0 || headOf(results[i - 1]) !== headOf(r)} onPoint={() => setChosen(i)} />
          ))}
          {results.length === 0 && <Nothing query={query} busy={busy} />}
        </div>
        <footer>
          <span aria-hidden="true"><Kbd keys="↑" /><Kbd keys="↓" />{t("shell.finder.choose")}</span>
          <span aria-hidden="true"><Kbd keys="Tab" />{t("shell.finder.narrow")}</span>
          <span class="grow" />
          <span class="num" role="status">{query && !busy ? t("shell.finder.count", { count: results.length, ms }) : ""}</span>
        </footer>
      </div>
    </Dialog>
  );
}

function headOf(r: Result | undefined): string {
  return r === undefined ? "" : r.kind === "people" || r.kind === "chats" ? "who" : r.kind;
}

function Nothing({ query, busy }: { query: string; busy: boolean }) {
  const late = useLate(300);
  if (busy && !late) return null;
  return <p class="hint padded" role="status">{busy ? t("shell.finder.searching") : t("shell.finder.none", { query })}</p>;
}

function Row({ result: r, index, selected, head, onPoint }: { result: Result; index: number; selected: boolean; head: boolean; onPoint: () => void }) {
  return (
    <>
      {head && <h3 role="presentation">{t(`shell.finder.head.${headOf(r)}`)}</h3>}
      <div id={`fr-${index}`} class="hit" role="option" aria-selected={selected} onPointerMove={onPoint} onClick={r.run}>
        {r.face ? <Avatar id={r.face.id} name={r.title} size="sm" group={r.face.group} presence={r.face.person?.presence} /> : <span class="sq"><Icon name={r.icon ?? "chat"} /></span>}
        <div class="grow">
          <div class="n ell"><bdi><Marked text={r.title} marks={r.marks} /></bdi></div>
          <div class="p ell"><bdi>{r.line}</bdi></div>
        </div>
        <span class="r">{selected ? <><Kbd keys="Enter" />{t("shell.finder.open")}</> : r.end}</span>
      </div>
    </>
  );
}

/** A text with what matches in bold and underlined. */
export function Marked({ text, marks }: { text: string; marks: readonly (readonly [number, number])[] }) {
  const parts = [];
  let at = 0;
  for (const [from, to] of marks) {
    if (from < at || to > text.length) continue;
    parts.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  parts.push(text.slice(at));
  return <>{parts}</>;
}

/** What the server knows: asked 120 ms after the last key, answers out of date are dropped. */
function useRemote(model: Model, query: string) {
  const [found, setFound] = useState<{ people: readonly Person[]; hits: readonly Hit[]; busy: boolean; ms: number }>({ people: [], hits: [], busy: false, ms: 0 });
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    const q = query.trim();
    if (q === "") return setFound({ people: [], hits: [], busy: false, ms: 0 });
    setFound((f) => ({ ...f, busy: true }));
    const timer = setTimeout(async () => {
      const start = performance.now();
      const [p, s] = await Promise.allSettled([model.people(q), model.search(q)]);
      if (mine !== asked.current) return;
      setFound({ people: p.status === "fulfilled" ? p.value.people : [], hits: s.status === "fulfilled" ? s.value.hits : [], busy: false, ms: Math.max(1, Math.round(performance.now() - start)) });
    }, 120);
    return () => clearTimeout(timer);
  }, [model, query]);
  return found;
}

function collect(model: Model, query: string, scope: Scope, people: readonly Person[], hits: readonly Hit[], close: () => void): Result[] {
  const q = query.trim();
  const want = (s: Scope) => scope === "all" || scope === s;
  const few = scope === "all" ? 5 : 50;
  const chats = model.chats.peek().filter((c) => (q === "" ? scope !== "people" : matchesQuery(`${c.title} ${c.name}`, q)));
  const out: Result[] = [];
  const then = (f: () => void) => () => {
    close();
    f();
  };
  const seen = new Set<string>();
  for (const c of chats.filter((c) => (c.group ? want("chats") : want("chats") || want("people"))).slice(0, q === "" ? 8 : few)) {
    seen.add(c.name);
    out.push(chatResult(c, q, then));
  }
  if (want("people")) for (const p of people.filter((x) => !seen.has(x.sip)).slice(0, few)) out.push(personResult(p, q, then));
  if (want("messages")) for (const h of hits.slice(0, few)) out.push(hitResult(h, then));
  if (want("actions")) for (const a of actionsOf(model).filter((a) => (q === "" ? scope === "actions" : matchesQuery(a.word, q))).slice(0, few)) out.push({ key: `a-${a.word}`, kind: "actions", title: a.word, marks: marksOf(a.word, q), line: a.line, icon: a.icon, run: then(a.run) });
  return out;
}

type Then = (f: () => void) => () => void;

function chatResult(c: Chat, q: string, then: Then): Result {
  const line = c.group ? t("shell.finder.groupLine", { count: c.group.count }) : [t(`ui.presence.${c.person?.presence ?? "offline"}`), c.person?.num].filter(Boolean).join(" · ");
  return { key: `c-${c.name}`, kind: "chats", title: c.title, marks: marksOf(c.title, q), line, end: c.person?.num, face: { id: c.name, group: c.group !== undefined, person: c.person }, run: then(() => openChat(c.name)) };
}

function personResult(p: Person, q: string, then: Then): Result {
  return { key: `p-${p.sip}`, kind: "people", title: p.dn, marks: marksOf(p.dn, q), line: [t(`ui.presence.${p.presence}`), p.email].filter(Boolean).join(" · "), end: p.num, face: { id: p.sip, group: false, person: p }, run: then(() => openChat(p.sip)) };
}

function hitResult(h: Hit, then: Then): Result {
  return { key: `m-${h.chat}-${h.id}`, kind: "messages", title: h.text, marks: h.marks, line: h.chat.startsWith("messages?") ? t("shell.finder.messageLine", { author: h.author, chat: h.title }) : h.author === h.title ? h.author : t("shell.finder.messageTo", { author: h.author, chat: h.title }), end: rowTime(h.time), icon: "chat", run: then(() => openChat(h.chat, h.id)) };
}
