// The keys that count everywhere (section 7). Those of conversation and composer are
// registered by them.
import { closeMenu, menuOpen } from "../../ui/Menu.tsx";
import { type Command, useKeys } from "../../ui/keys.ts";
import { go } from "../../ui/route.ts";
import { t } from "../../i18n/index.ts";
import type { Model } from "../model/types.ts";
import { chatName, closePane, detailsOpen, onePane, openChat, overlay, place } from "./state.ts";

export function useGlobalKeys(model: Model): void {
  useKeys(() => commands(model), [model]);
}

function commands(model: Model): Command[] {
  const open = (what: typeof overlay.value) => () => void (overlay.value = what);
  return [
    { keys: "Escape", word: () => t("shell.keys.escape"), typing: true, run: () => escape() },
    { keys: "Ctrl+K", word: () => t("shell.keys.finder"), run: open("finder") },
    { keys: "Alt+ArrowDown", word: () => t("shell.keys.nextChat"), run: () => step(model, 1, false) },
    { keys: "Alt+ArrowUp", word: () => t("shell.keys.previousChat"), run: () => step(model, -1, false) },
    { keys: "Alt+Shift+ArrowDown", word: () => t("shell.keys.nextUnread"), run: () => step(model, 1, true) },
    { keys: "Alt+Shift+ArrowUp", word: () => t("shell.keys.previousUnread"), run: () => step(model, -1, true) },
    { keys: "G C", word: () => t("shell.keys.chats"), run: () => go([]) },
    { keys: "G P", word: () => t("shell.keys.people"), run: () => go(["people"]) },
    { keys: "G F", word: () => t("shell.keys.files"), run: () => go(["files"]) },
    { keys: "F6", word: () => t("shell.keys.nextRegion"), run: () => region(1) },
    { keys: "Shift+F6", word: () => t("shell.keys.previousRegion"), run: () => region(-1) },
    { keys: "Ctrl+.", word: () => t("shell.keys.details"), run: () => (chatName.peek() === undefined ? false : void (detailsOpen.value = !detailsOpen.peek())) },
    { keys: "N", word: () => t("shell.keys.newChat"), scope: "list", run: open("newchat") },
    { keys: "?", word: () => t("shell.keys.table"), run: open("keys") },
  ];
}

/** Esc closes the topmost: menu, dialog, details that lie over the conversation. The rest is the conversation's. */
function escape(): boolean {
  if (menuOpen()) closeMenu();
  else if (overlay.peek()) overlay.value = undefined;
  else if (detailsOpen.peek() && document.activeElement?.closest(".panel")) detailsOpen.value = false;
  else if (onePane.peek() && place.peek() !== "files" && !document.activeElement?.closest("[data-scope~=composer]") && (chatName.peek() !== undefined || place.peek() === "settings")) closePane();
  else return false;
  return true;
}

/** The previous or next chat in the order of the list, or only unread ones; goes around. */
function step(model: Model, by: 1 | -1, unread: boolean): void | boolean {
  const all = model.chats.peek();
  const at = all.findIndex((c) => c.name === chatName.peek());
  for (let i = 1; i <= all.length; i++) {
    const chat = all[(Math.max(at, by === 1 ? -1 : 0) + by * i + all.length * 2) % all.length];
    if (chat && (!unread || chat.unread > 0) && chat.name !== chatName.peek()) return openChat(chat.name);
  }
  return false;
}

/** Moves the focus to the next region: rail, list, conversation, composer, details. */
function region(by: 1 | -1): void | boolean {
  const all = [...document.querySelectorAll<HTMLElement>("[data-region], [data-scope~=composer]")].filter((el) => el.offsetParent !== null);
  if (all.length === 0) return false;
  const inside = all.findLastIndex((el) => el.contains(document.activeElement));
  const next = all[(inside + by + all.length * 2) % all.length];
  const first = next?.querySelector<HTMLElement>('a.row[tabindex="0"]') ?? next?.querySelector<HTMLElement>('[contenteditable], textarea, [tabindex="0"], input, a[aria-current]');
  (first ?? next)?.focus();
}
