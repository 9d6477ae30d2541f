// The acts on a message: the pill beside it, the full menu, and the keys.
import { useComputed } from "@preact/signals";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { singleKeys } from "../../../../ui/keys.ts";
import { closeMenu, type MenuItem, type MenuItems, openMenu } from "../../../../ui/Menu.tsx";
import type { Message } from "../../../model/types.ts";
import { type Pane, mayOf, usePane } from "../pane.ts";
import { QuickRow } from "./Reactions.tsx";

/** Beside the bubble, while the pointer or the focus is on it. */
export function ActsPill({ m }: { m: Message }) {
  const pane = usePane();
  const on = useComputed(() => (pane.hot.value ?? pane.chosen.value) === m.key && pane.selected.value === undefined);
  if (!on.value || m.system) return null;
  const may = mayOf(pane, m);
  if (!may.reply && !may.copy && !may.remove) return null;
  return (
    <span class="acts" role="group" aria-label={t("conversation.acts")}>
      {may.react && <IconButton icon="smile" label={t("conversation.react")} keys="+" tabIndex={-1} onClick={() => (pane.over.value = { what: "react", message: m })} />}
      {may.reply && <IconButton icon="reply" label={t("conversation.reply")} keys="R" tabIndex={-1} onClick={() => pane.acts.reply(m)} />}
      <IconButton icon="more" label={t("ui.more")} keys="Enter" tabIndex={-1} aria-haspopup="menu" onClick={(e) => menuOf(pane, m, e.currentTarget)} />
    </span>
  );
}

export function menuOf(pane: Pane, m: Message, at: Element | MouseEvent): void {
  const may = mayOf(pane, m);
  const { acts } = pane;
  const item = (can: boolean, i: MenuItem): MenuItem[] => (can ? [i] : []);
  const items: MenuItems = [
    ...item(may.reply, { word: t("conversation.reply"), icon: "reply", keys: "R", run: () => acts.reply(m) }),
    ...item(may.edit, { word: t("conversation.edit"), icon: "edit", keys: "E", run: () => acts.edit(m) }),
    ...item(may.forward, { word: t("conversation.forward"), icon: "forward", keys: "F", run: () => acts.forward([m]) }),
    ...item(may.pin, { word: m.pinned ? t("conversation.unpin") : t("conversation.pin"), icon: "pin", keys: "P", run: () => acts.pin(m) }),
    ...item(may.copy, { word: t("conversation.copy"), icon: "copy", keys: "Ctrl C", run: () => acts.copy([m]) }),
    ...item(may.link, { word: t("conversation.copyLink"), icon: "link", run: () => acts.copyLink(m) }),
    ...item(may.readers, { word: t("conversation.whoRead"), icon: "eye", run: () => (pane.over.value = { what: "readers", message: m }) }),
    ...item(may.select, { word: t("conversation.select"), icon: "check", run: () => acts.select(m) }),
    ...(m.state === "failed" ? [{ word: t("ui.tryAgain"), icon: "refresh" as const, run: () => pane.conv.retry(m.key) }] : []),
    ...(may.remove ? ["-" as const, { word: t("conversation.delete"), icon: "trash" as const, keys: "Del", bad: true, run: () => void acts.remove([m]) }] : []),
  ];
  if (items.length === 0) return;
  const head = may.react ? (
    <QuickRow
      m={m}
      done={(emoji) => (closeMenu(), acts.react(m, emoji))}
      more={() => (closeMenu(), (pane.over.value = { what: "react", message: m }))}
    />
  ) : undefined;
  openMenu(at, t("conversation.acts"), items, head);
}

/** A key on the chosen message; true where it did something. */
export function keyOn(pane: Pane, m: Message, e: KeyboardEvent): boolean {
  const may = mayOf(pane, m);
  const { acts } = pane;
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "c" && may.copy && getSelection()?.isCollapsed !== false) return done(() => acts.copy([m]));
  if (e.ctrlKey || e.metaKey || e.altKey) return false;
  if (e.key === "Delete" || e.key === "Backspace") return may.remove && done(() => void acts.remove([m]));
  if (e.key === "Enter") return done(() => menuOf(pane, m, e.currentTarget instanceof Element ? (bubbleOf(e) ?? e.currentTarget) : document.body));
  if (e.key === " " && pane.selected.value !== undefined) return done(() => acts.select(m));
  if (!singleKeys.value) return false;
  const key = e.key.toLowerCase();
  if (key === "r") return may.reply && done(() => acts.reply(m));
  if (key === "e") return may.edit && done(() => acts.edit(m));
  if (key === "f") return may.forward && done(() => acts.forward([m]));
  if (key === "p") return may.pin && done(() => acts.pin(m));
  if (key === "s") return may.select && done(() => acts.select(m));
  if (key === "+") return may.react && done(() => (pane.over.value = { what: "react", message: m }));
  return false;
}

function bubbleOf(e: KeyboardEvent): Element | null {
  return (e.target as Element).querySelector(".bub");
}

function done(f: () => void): true {
  f();
  return true;
}
