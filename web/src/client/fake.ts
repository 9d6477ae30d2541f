// A model without a server, for vitest and for `npx vite` with ?fake in the address. It is
// never in the built pages: main.tsx imports it only where import.meta.env.DEV is true.
//
// Parameters beside ?fake: out (sign-in page), second (second factor), offline, storeoff,
// storeaway, waiting (a device wants to be let in), long (the chat with Tom has 50,000 messages).
import { type Signal, computed, signal } from "@preact/signals";
import { chatList, cutover, longTalk, me, membersOf, msg, offlineTalk, people, volatileTalk, who } from "./fakedata.ts";
import type { Branding, Chat, ChatName, Conversation, DeviceSession, Hit, Line, Member, Message, Model, Notice, Outgoing, Person, SignIn, TraceLine } from "./model/types.ts";

const page = 60;
const soon = <T>(value: T, ms = 120): Promise<T> => new Promise((r) => setTimeout(() => r(value), ms));

export function createFake(search = globalThis.location?.search ?? ""): Model & { notify(n: Notice): void } {
  const q = new URLSearchParams(search);
  const chats = signal<readonly Chat[]>(chatList());
  const line = signal<Line>(lineOf(q));
  const self = signal<Person | undefined>(me);
  const signIn = signal<SignIn>(q.has("out") ? { step: "out", domain: "nordklinik.example", name: "marlene.brandt" } : q.has("second") ? { step: "second-factor", code: "4711" } : { step: "in" });
  const sessions = signal<readonly DeviceSession[]>(sessionList().filter((s) => s.code === undefined || q.has("waiting")));
  const flags = signal({ app: false, console: false });
  const listeners = new Set<(n: Notice) => void>();
  const lines: TraceLine[] = [{ time: Date.now(), flag: "App", out: true, text: '{"mt":"Login","type":"session"}' }];
  const talks = new Map<ChatName, Signal<readonly Message[]>>();
  const messagesOf = (name: ChatName) => {
    let s = talks.get(name);
    if (!s) talks.set(name, (s = signal<readonly Message[]>(talkOf(name, q))));
    return s;
  };
  const patch = (name: ChatName, change: Partial<Chat>) => {
    chats.value = sorted(chats.value.map((c) => (c.name === name ? { ...c, ...change } : c)));
  };
  const open = (name: ChatName) => conversation(name, messagesOf(name), chats, patch);
  return {
    signIn, branding: signal<Branding>({ name: "Tandem" }), line, me: self, chats, sessions,
    unread: computed(() => count(chats.value)),
    groups: groupsOf(chats, patch),
    async enter(domain, name, password) {
      signIn.value = { step: "busy", resumed: false };
      await soon(undefined, 400);
      if (password === "wrong") signIn.value = { step: "out", domain, name, error: { code: "credentials" } };
      else if (password === "wait") signIn.value = { step: "out", domain, name, error: { code: "wait", wait: 12 } };
      else if (password === "code") signIn.value = { step: "second-factor", code: "4711" };
      else signIn.value = { step: "in" };
    },
    cancelEnter: () => void (signIn.value = { step: "out" }),
    leave: async () => void (signIn.value = { step: "out", domain: "nordklinik.example" }),
    revoke: (id) => void (sessions.value = sessions.value.filter((s) => s.id !== id)),
    authorize: (id) => void (sessions.value = sessions.value.map((s) => (s.id === id ? without(s) : s))),
    open,
    person: (sip) => signal(who(sip)),
    people: (query, cursor) => soon(findPeople(query, Number(cursor ?? 0))),
    search: (query, where) => soon({ hits: find(query, where?.chat, chats.value, messagesOf), more: false }),
    setMuted: (name, on) => patch(name, { muted: on }),
    setPinned: (name, on) => patch(name, { pinned: on }),
    setPresence: async (to, note) => void (self.value = { ...me, presence: to, note }),
    retryLine: () => void (line.value = lineOf(new URLSearchParams())),
    file: async (a, progress) => {
      for (let i = 1; i <= 4; i++) progress?.(((a.size ?? 1000) * i) / 4, a.size ?? 1000), await soon(undefined, 60);
      return a.url.startsWith("data:") ? (await fetch(a.url)).blob() : new Blob([new Uint8Array(8)], { type: a.type });
    },
    onNotice: (f) => (listeners.add(f), () => void listeners.delete(f)),
    notify: (n) => listeners.forEach((f) => f(n)),
    traceFlags: flags,
    setTraceFlag: (flag, on) => void (flags.value = { ...flags.value, [flag]: on }),
    trace: () => lines,
  };
}

function lineOf(q: URLSearchParams): Line {
  if (q.has("offline")) return { state: "down", since: Date.now() - 180_000, next: Date.now() + 8_000, waiting: 3, store: "on", connection: "c-1f34ab" };
  return { state: "up", waiting: 0, store: q.has("storeoff") ? "off" : q.has("storeaway") ? "away" : "on", connection: "c-1f34ab" };
}

function sessionList(): DeviceSession[] {
  return [
    { id: "1", current: true, userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0", time: Date.now() },
    { id: "2", current: false, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", time: Date.now() - 3_600_000 },
    { id: "3", current: false, userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/144.0", time: Date.now() - 60_000, code: "4711" },
  ];
}

function without(s: DeviceSession): DeviceSession {
  return { id: s.id, current: s.current, userAgent: s.userAgent, time: s.time };
}

function talkOf(name: ChatName, q: URLSearchParams): Message[] {
  if (name === "messages?g1") return cutover;
  if (name === "joerg") return offlineTalk;
  if (name === "priya") return volatileTalk;
  if (name === "tom") return longTalk(q.has("long") ? 50_000 : 600);
  return [msg(name.startsWith("messages?") ? "tom" : name, 600, "See you.")];
}

function sorted(list: readonly Chat[]): Chat[] {
  return [...list].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.time - a.time);
}

function count(list: readonly Chat[]) {
  const loud = list.filter((c) => !c.muted);
  return { count: loud.reduce((n, c) => n + c.unread, 0), chats: loud.filter((c) => c.unread > 0).length, mentions: list.reduce((n, c) => n + c.mentions, 0) };
}

const fold = (s: string) => s.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

function findPeople(query: string, from: number) {
  const f = fold(query);
  const found = people.filter((p) => fold(`${p.dn} ${p.sip} ${p.num}`).includes(f));
  return { people: found.slice(from, from + page), ...(found.length > from + page && { next: String(from + page) }) };
}

function find(query: string, only: ChatName | undefined, chats: readonly Chat[], of: (n: ChatName) => Signal<readonly Message[]>): Hit[] {
  const f = query.toLocaleLowerCase();
  const out: Hit[] = [];
  for (const c of chats.slice(0, 12)) {
    if (only !== undefined && c.name !== only) continue;
    for (const m of of(c.name).value) {
      const text = m.html.replace(/<[^>]*>/g, "");
      const at = text.toLocaleLowerCase().indexOf(f);
      if (at >= 0 && f && out.length < 40) out.push({ chat: c.name, title: c.title, id: m.id ?? 0, author: m.author.dn, text, marks: [[at, at + f.length]], time: m.time });
    }
  }
  return out.sort((a, b) => b.time - a.time);
}

function groupsOf(chats: Signal<readonly Chat[]>, patch: (n: ChatName, c: Partial<Chat>) => void): Model["groups"] {
  const nothing = () => soon(undefined);
  return {
    async create(title, sips, announce) {
      const name = `messages?g${100 + chats.value.length}`;
      chats.value = sorted([...chats.value, { name, title, group: { id: 100, title, announce, count: sips.length + 1, role: "owner", mayWrite: true }, volatile: false, unread: 0, mentions: 0, muted: false, pinned: false, typing: [], time: Date.now() }]);
      return soon(name);
    },
    async change(name, to) {
      const c = chats.value.find((x) => x.name === name);
      if (c?.group) patch(name, { title: to.title ?? c.title, group: { ...c.group, ...to } });
    },
    invite: nothing, kick: nothing, ban: nothing, unban: nothing, mute: nothing, grant: nothing,
    leave: async (name) => void (chats.value = chats.value.filter((c) => c.name !== name)),
    end: async (name) => void (chats.value = chats.value.filter((c) => c.name !== name)),
  };
}

function conversation(name: ChatName, all: Signal<readonly Message[]>, chats: Signal<readonly Chat[]>, patch: (n: ChatName, c: Partial<Chat>) => void): Conversation {
  const chat = computed(() => chats.value.find((c) => c.name === name));
  const from = signal(Math.max(0, all.value.length - page));
  const to = signal(all.value.length);
  const loading = signal(false);
  const draft = signal(chat.value?.draft ?? "");
  const unread = chat.value?.unread ?? 0;
  const first = unread > 0 ? all.value[all.value.length - unread] : undefined;
  const change = (id: number, f: (m: Message) => Message) => void (all.value = all.value.map((m) => (m.id === id ? f(m) : m)));
  const load = async (f: () => void) => {
    if (loading.value) return;
    loading.value = true;
    await soon(undefined);
    f();
    loading.value = false;
  };
  const members: Member[] = membersOf();
  return {
    banned: () => soon([]),
    chat, loading, draft, kept: signal(false),
    messages: computed(() => all.value.slice(from.value, to.value)),
    atStart: computed(() => from.value === 0),
    atEnd: computed(() => to.value >= all.value.length),
    firstUnread: signal(first?.id === undefined ? undefined : { id: first.id, count: unread }),
    pins: computed(() => all.value.filter((m) => m.pinned)),
    older: () => load(() => void (from.value = Math.max(0, from.value - page))),
    newer: () => load(() => void (to.value = Math.min(all.value.length, to.value + page))),
    async jump(target) {
      const at = all.value.findIndex((m) => ("id" in target ? m.id === target.id : m.time >= target.time));
      if (at < 0) return undefined;
      from.value = Math.max(0, at - page);
      to.value = Math.min(all.value.length, at + page);
      return soon(all.value[at]?.key);
    },
    newest: () => load(() => ((to.value = all.value.length), (from.value = Math.max(0, all.value.length - page)))),
    send(m: Outgoing) {
      const sent = msg(me.sip, 0, m.html, { state: "waiting", time: Date.now() });
      all.value = [...all.value, sent];
      to.value = all.value.length;
      patch(name, { time: Date.now(), last: { sender: me.dn, own: true, text: m.html.replace(/<[^>]*>/g, ""), time: Date.now(), state: "sent" } });
      setTimeout(() => (all.value = all.value.map((x) => (x.key === sent.key ? { ...x, state: "delivered" } : x))), 700);
    },
    retry: (key) => void (all.value = all.value.map((m) => (m.key === key ? { ...m, state: "sent" as const } : m))),
    cancel: (key) => void (all.value = all.value.filter((m) => m.key !== key)),
    pauseUpload: (key, upload, paused) => void (all.value = all.value.map((m) => (m.key === key ? { ...m, uploads: m.uploads.map((u) => (u.key === upload ? { ...u, state: paused ? ("paused" as const) : ("running" as const) } : u)) } : m))),
    edit: async (id, html) => change(id, (m) => ({ ...m, html, edited: Date.now() })),
    remove: async (id) => change(id, (m) => ({ ...m, html: "", deleted: true, attached: [] })),
    react: async (id, emoji, on) => change(id, (m) => ({ ...m, reactions: [...m.reactions.filter((r) => r.emoji !== emoji), ...(on ? [{ emoji, count: (m.reactions.find((r) => r.emoji === emoji)?.count ?? 0) + 1, own: true, people: [me.dn] }] : [])] })),
    pin: async (id, on) => change(id, (m) => ({ ...m, pinned: on })),
    read: () => patch(name, { unread: 0, mentions: 0 }),
    typing: () => undefined,
    setDraft: (html) => ((draft.value = html), patch(name, { draft: html })),
    readers: () => soon(people.slice(0, 9).map((p, i) => ({ person: p, delivered: Date.now() - i * 60_000, ...(i < 6 && { read: Date.now() - i * 50_000 }) }))),
    members: (query = "", cursor) => {
      const found = members.filter((m) => fold(m.person.dn).includes(fold(query)));
      const start = Number(cursor ?? 0);
      return soon({ members: found.slice(start, start + page), ...(found.length > start + page && { next: String(start + page) }) });
    },
    attachments: (kind) => soon(all.value.flatMap((m) => m.attached.filter((a) => kindOf(a.type) === kind).map((attachment) => ({ message: m, attachment })))),
    close: () => undefined,
  };
}

function kindOf(type: string): "media" | "voice" | "file" {
  return /^(image|video)\//.test(type) ? "media" : type.startsWith("audio/") ? "voice" : "file";
}
