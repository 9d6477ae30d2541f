import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { dayKey, dayMark, timeZone } from "../../../../ui/format.ts";
import { Empty, Skeleton } from "../../../../ui/parts.tsx";
import type { Message, Model } from "../../../model/types.ts";
import { keyOn, menuOf } from "../message/acts.tsx";
import { Row } from "../message/Row.tsx";
import { type Pane, usePane } from "../pane.ts";
import { ToNewest } from "./ToNewest.tsx";
import { Typing } from "./Typing.tsx";
import { estimate } from "./estimate.ts";
import { byKey, type Item, itemsOf, quick } from "./items.ts";
import { longPress } from "./press.ts";
import type { Place, ScrollerHandle } from "./engine.ts";
import { Scroller } from "./Scroller.tsx";

/** Where one was in each chat, for as long as the page is open. */
const places = new WeakMap<Model, Map<string, { place: Place; id: number | undefined }>>();

const pageAgain = 3000; // after a page did not come

function placesOf(model: Model) {
  let map = places.get(model);
  if (!map) places.set(model, (map = new Map()));
  return map;
}

export function Log() {
  const pane = usePane();
  const { conv } = pane;
  const handle = useRef<ScrollerHandle>(null);
  const items = useItems(pane);
  const first = useSignal<Item | undefined>(undefined);
  const atEnd = pane.atEnd;
  const some = items.length > 0;
  const start = useMemo(() => (some ? startOf(pane, items, handle) : undefined), [pane, some]);
  const seenKey = useComputed(() => lastSeen(pane, conv.messages.value));
  const busy = useRef({ older: false, newer: false });

  useHandle(pane, handle);
  useReading(pane, atEnd.value);
  useAnnounce(pane);
  const latest = useRef(items);
  latest.current = items;
  useLayoutEffect(() => () => {
    const place = handle.current?.place();
    if (!place) return;
    const at = latest.current.findIndex((i) => i.key === place.key);
    const near = at < 0 ? undefined : latest.current.slice(at).find((i) => "message" in i && i.message.id !== undefined);
    placesOf(pane.model).set(pane.chat, { place, id: near && "message" in near ? near.message.id : undefined });
  }, [pane]);

  const more = (side: "older" | "newer") => {
    const done = side === "older" ? conv.atStart.peek() : conv.atEnd.peek();
    if (done || busy.current[side]) return;
    busy.current[side] = true;
    const free = () => {
      busy.current[side] = false;
      handle.current?.check(); // still near the end of what is loaded: the next page
    };
    conv[side]().then(() => setTimeout(free, 0), () => setTimeout(free, pageAgain));
  };

  if (items.length === 0) return <Nothing />;
  return (
    <div class="log-box" {...delegate(pane)}>
      <Scroller
        handle={handle}
        items={items}
        estimate={estimate}
        complete={conv.atEnd.value}
        start={start}
        render={(item: Item) => <Row item={item} seen={item.kind === "message" && item.message.key === seenKey.value} />}
        onTop={() => more("older")}
        onBottom={() => more("newer")}
        onView={(top, last, end) => {
          first.value = top;
          atEnd.value = end;
          const chosen = pane.chosen.peek();
          const there = chosen !== undefined && handle.current?.rowElement(`m-${chosen}`);
          pane.stop.value = there ? chosen : (last ?? latest.current.at(-1))?.key.replace(/^m-/, "");
        }}
        label={t("conversation.messages")}
        head={<Head />}
        foot={<Typing />}
      />
      <FloatingDay first={first} top={conv.atStart.value ? items[0] : undefined} />
      <ToNewest atEnd={atEnd.value} />
    </div>
  );
}

/** The day of what is read, at the edge; not where the mark itself is in view. */
function FloatingDay({ first, top }: { first: ReadonlySignal<Item | undefined>; top: Item | undefined }) {
  const pane = usePane();
  const day = useComputed(() => {
    const item = first.value;
    return !item || item.kind === "day" || item === top ? undefined : dayMark(item.time);
  });
  if (day.value === undefined) return null;
  return (
    <div class="day float">
      <button type="button" title={t("conversation.toDate")} onClick={() => (pane.over.value = { what: "date", time: first.value?.time ?? Date.now() })}>
        {day.value}
      </button>
    </div>
  );
}

function useItems(pane: Pane): readonly Item[] {
  const { conv } = pane;
  const zone = timeZone.value;
  const dayOf = useMemo(() => quick(dayKey), [zone]);
  const before = useRef<ReadonlyMap<string, Item>>(new Map());
  const messages = conv.messages.value;
  const unread = conv.firstUnread.value;
  return useMemo(() => {
    const items = itemsOf(messages, dayOf, unread, before.current);
    before.current = byKey(items);
    return items;
  }, [messages, unread, dayOf]);
}

/** At the line "new", else where one was, else at the end. */
function startOf(pane: Pane, items: readonly Item[], handle: { current: ScrollerHandle | null }): Place | undefined {
  if (items.some((i) => i.key === "new")) return { key: "new", offset: 96 };
  const was = placesOf(pane.model).get(pane.chat);
  if (was?.place.key === undefined) return undefined;
  if (items.some((i) => i.key === was.place.key)) return was.place;
  if (was.id !== undefined) pane.conv.jump({ id: was.id }).then((key) => key !== undefined && handle.current?.restore({ ...was.place, key: `m-${key}` }), () => undefined);
  return undefined;
}

/** The last own message that others have read, in a group: the line "Read by" stands under it. */
function lastSeen(pane: Pane, messages: readonly Message[]): string | undefined {
  if (!pane.isGroup.value) return undefined;
  for (let i = messages.length - 1; i >= Math.max(0, messages.length - 400); i--) {
    const m = messages[i];
    if (m?.own && !m.deleted && (m.readBy ?? 0) > 0) return m.key;
  }
  return undefined;
}

function useHandle(pane: Pane, handle: { current: ScrollerHandle | null }): void {
  useEffect(() => {
    pane.log = {
      show: (key, align = "center") => handle.current?.show(key, align) ?? false,
      toEnd: () => handle.current?.toEnd(),
      focus: (key) => {
        handle.current?.show(key, "near");
        // Rendered in a moment, where it was far away.
        requestAnimationFrame(() => handle.current?.rowElement(key)?.querySelector<HTMLElement>("[data-key]")?.focus({ preventScroll: true }));
      },
    };
    return () => void (pane.log = undefined);
  }, [pane]);
}

/** What one sees at the end, in a page that has the focus, is read. */
function useReading(pane: Pane, atEnd: boolean): void {
  const messages = pane.conv.messages.value;
  useEffect(() => {
    const look = () => {
      if (!atEnd || document.visibilityState !== "visible" || !document.hasFocus()) return;
      const shown = pane.conv.messages.peek();
      const last = shown.findLast((m) => m.id !== undefined); // volatile chats have no ids: 0 is all
      if (shown.length > 0 && (pane.conv.chat.peek()?.unread ?? 0) > 0) pane.conv.read(last?.id ?? 0);
    };
    look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [pane, atEnd, messages]);
}

/** A new message is said once: author and text. History that is loaded is not. */
function useAnnounce(pane: Pane): void {
  const last = useRef<number | undefined>(undefined);
  useSignalEffect(() => {
    const m = pane.conv.messages.value.at(-1);
    if (!m || !pane.conv.atEnd.value) return;
    const known = last.current;
    last.current = m.time;
    if (known === undefined || m.own || m.system || m.time <= known || Date.now() - m.time > 60_000) return;
    pane.said.value = t("conversation.said", { name: m.author.dn, text: m.html.replace(/<[^>]*>/g, " ").slice(0, 300) || t("conversation.attachment") });
  });
}

function messageAt(pane: Pane, target: EventTarget | null): Message | undefined {
  const key = (target as Element | null)?.closest?.<HTMLElement>("[data-key]")?.dataset.key;
  return key === undefined ? undefined : pane.conv.messages.peek().find((m) => m.key === key);
}

/** One set of listeners for all messages. */
function delegate(pane: Pane) {
  const press = longPress((e) => {
    const m = messageAt(pane, e.target);
    if (m) menuOf(pane, m, e);
  });
  return {
    ...press,
    onPointerOver: (e: PointerEvent) => {
      if (e.pointerType !== "touch") pane.hot.value = (e.target as Element).closest<HTMLElement>("[data-key]")?.dataset.key;
    },
    onPointerLeave: () => void (pane.hot.value = undefined),
    onFocusIn: (e: FocusEvent) => {
      const m = messageAt(pane, e.target);
      if (m) pane.chosen.value = pane.stop.value = m.key;
    },
    onContextMenu: (e: MouseEvent) => {
      const m = messageAt(pane, e.target);
      if (!m || (e.target as Element).closest("a, input") || getSelection()?.isCollapsed === false) return;
      e.preventDefault();
      menuOf(pane, m, e);
    },
    onClick: (e: MouseEvent) => {
      const m = pane.selected.peek() === undefined ? undefined : messageAt(pane, e.target);
      if (m && !(e.target as Element).closest("button, a, label")) pane.acts.select(m);
    },
    onKeyDown: (e: KeyboardEvent) => logKeys(pane, e),
  };
}

function logKeys(pane: Pane, e: KeyboardEvent): void {
  if (e.defaultPrevented || !(e.target as Element).matches("[data-key]")) return;
  const m = messageAt(pane, e.target);
  if (!m) return;
  const to = stepTo(pane, m, e.key);
  if (to) {
    pane.chosen.value = pane.stop.value = to.key;
    pane.log?.focus(`m-${to.key}`);
  } else if (!keyOn(pane, m, e)) return;
  e.preventDefault();
  e.stopPropagation();
}

function stepTo(pane: Pane, m: Message, key: string): Message | undefined {
  const all = pane.conv.messages.peek().filter((x) => !x.system);
  const at = all.findIndex((x) => x.key === m.key);
  const by = new Map([["ArrowUp", -1], ["ArrowDown", 1], ["PageUp", -8], ["PageDown", 8], ["Home", -all.length], ["End", all.length]]).get(key);
  return by === undefined ? undefined : all[Math.min(all.length - 1, Math.max(0, at + by))];
}

function Head() {
  const pane = usePane();
  const { conv } = pane;
  if (!conv.atStart.value) return <div class="log-head">{conv.loading.value && <Skeleton kind="lines" count={2} late={t("ui.loadingLong")} />}</div>;
  const chat = conv.chat.value;
  return (
    <div class="log-head begin">
      <p>{chat?.volatile ? t("conversation.beginVolatile") : t("conversation.begin")}</p>
    </div>
  );
}

function Nothing() {
  const pane = usePane();
  const { conv } = pane;
  if (conv.loading.value || !conv.atStart.value || !conv.atEnd.value) return <div class="log-box waiting"><Skeleton kind="lines" count={6} late={t("ui.loadingLong")} /></div>;
  return (
    <div class="log-box waiting">
      <Empty title={t("conversation.emptyTitle")}>{t(conv.chat.value?.volatile ? "conversation.beginVolatile" : "conversation.empty")}</Empty>
    </div>
  );
}
