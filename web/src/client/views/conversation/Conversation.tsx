import { useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { useKeys } from "../../../ui/keys.ts";
import type { ChatName, Group, Model } from "../../model/types.ts";
import { Banners } from "../Banners.tsx";
import { Bar } from "./Bar.tsx";
import { Composer } from "./compose/Composer.tsx";
import "./conversation.css";
import { Over } from "./dialogs/Over.tsx";
import { DropZone } from "./DropZone.tsx";
import { Log } from "./log/Log.tsx";
import { createPane, type Pane, PaneProvider, usePane } from "./pane.ts";
import { Pins } from "./Pins.tsx";
import { Search } from "./Search.tsx";
import { SelectBar } from "./SelectBar.tsx";

export interface ConversationPaneProps {
  model: Model;
  chat: ChatName;
  onDetails: () => void;
  /** The details are open: their key is pressed. */
  details?: boolean | undefined;
  /** Where one pane is shown at a time. */
  onBack?: (() => void) | undefined;
  /** A message to go to. */
  at?: number | undefined;
}

/** One conversation: bar, banner, pins, log, composer. */
export function ConversationPane(p: ConversationPaneProps) {
  const pane = useMemo(() => createPane(p.model, p.chat), [p.model, p.chat]);
  useEffect(() => {
    const finish = () => pane.acts.finish();
    addEventListener("pagehide", finish);
    return () => {
      removeEventListener("pagehide", finish);
      finish();
      // The parts inside end after this one, and keep what is written: the draft, the place.
      setTimeout(() => pane.conv.close(), 0);
    };
  }, [pane]);
  return (
    <PaneProvider value={pane} key={p.chat}>
      <Inside {...p} />
    </PaneProvider>
  );
}

function Inside({ model, onDetails, details, onBack, at }: ConversationPaneProps) {
  const pane = usePane();
  const chat = pane.conv.chat.value;
  useNames(pane);
  useKeys(() => keysOf(pane), [pane]);
  useEffect(() => {
    if (at !== undefined) void pane.acts.jump({ id: at });
  }, [at]);
  const mayWrite = chat?.group?.mayWrite ?? true;
  return (
    <DropZone label={t("conversation.label", { name: chat?.title ?? pane.chat })}>
      <Bar onDetails={onDetails} details={details} onBack={onBack} />
      <Banners model={model} chat={chat} kept={pane.conv.kept.value} />
      {pane.searching.value && <Search />}
      <Pins />
      <Log />
      {pane.selected.value !== undefined ? <SelectBar /> : mayWrite ? <Composer /> : <p class="no-write">{t(whyNot(chat?.group))}</p>}
      <div class="vh" role="status" aria-live="polite">{pane.said.value}</div>
      <Over />
    </DropZone>
  );
}

/** The sentence in place of the composer. */
function whyNot(group: Group | undefined): string {
  return group?.left ? "conversation.outside" : group?.silenced ? "conversation.silenced" : "conversation.noWrite";
}

/** Names that are marked after @: one's own, the members of a group, the other person. */
function useNames(pane: Pane): void {
  const me = pane.model.me.value;
  const chat = pane.conv.chat;
  const count = useComputed(() => chat.value?.group?.count);
  useEffect(() => {
    const own = me ? [{ name: me.dn, sip: me.sip, own: true }] : [];
    const other = chat.peek()?.person;
    pane.mentions.value = other ? [...own, { name: other.dn, sip: other.sip }] : own;
    if (count.value === undefined) return;
    let alive = true;
    pane.conv.members().then(
      (r) => alive && (pane.mentions.value = [...own, ...r.members.filter((m) => !m.own).map((m) => ({ name: m.person.dn, sip: m.person.sip, moderates: m.role !== "member" }))]),
      () => undefined,
    );
    return () => void (alive = false);
  }, [pane, me, count.value]);
}

/** Keys of the pane; those on a chosen message are written here for the table and handled by the log. */
function keysOf(pane: Pane) {
  const shown = { scope: "conversation" as const, shown: true, run: () => false };
  const word = (key: string) => () => t(`conversation.keys.${key}`);
  return [
    { keys: "Ctrl+F", word: word("search"), scope: "conversation" as const, run: () => void (pane.searching.value = true) },
    { keys: "Escape", word: word("escape"), scope: "conversation" as const, typing: true, run: () => escape(pane) },
    { keys: "ArrowUp", word: word("editLast"), ...shown },
    { keys: ["ArrowUp", "ArrowDown"], word: word("choose"), ...shown },
    { keys: "R", word: word("reply"), ...shown },
    { keys: "E", word: word("edit"), ...shown },
    { keys: "F", word: word("forward"), ...shown },
    { keys: "P", word: word("pin"), ...shown },
    { keys: "S", word: word("select"), ...shown },
    { keys: "+", word: word("react"), ...shown },
    { keys: "Delete", word: word("remove"), ...shown },
    { keys: "Enter", word: word("menu"), ...shown },
    { keys: "Ctrl+B", word: word("bold"), ...shown },
    { keys: "Ctrl+I", word: word("italic"), ...shown },
    { keys: "Ctrl+E", word: word("code"), ...shown },
    { keys: "Ctrl+Shift+X", word: word("strike"), ...shown },
    { keys: "Ctrl+Shift+L", word: word("link"), ...shown },
  ];
}

/** Leaves what is topmost: selection, search, a chosen message; else goes to the newest. */
function escape(pane: Pane): boolean {
  if (pane.selected.peek()) pane.selected.value = undefined;
  else if (pane.searching.peek()) pane.searching.value = false;
  else if (pane.editing.peek()) pane.editing.value = undefined;
  else if (pane.reply.peek()) pane.reply.value = undefined;
  else if (document.activeElement?.matches("[data-key]")) pane.composer?.focus();
  else if (!pane.atEnd.peek() || !pane.conv.atEnd.peek()) void pane.acts.newest();
  else return false;
  return true;
}
