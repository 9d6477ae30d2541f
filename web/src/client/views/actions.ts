// What the finder can do beside finding.
import type { IconName } from "../../ui/icons.ts";
import { go } from "../../ui/route.ts";
import { dark, theme } from "../../ui/theme.ts";
import { t } from "../../i18n/index.ts";
import type { Model } from "../model/types.ts";
import { setPresence, signOut } from "./presence.ts";
import { overlay } from "./state.ts";

export interface Action {
  readonly word: string;
  readonly line: string;
  readonly icon: IconName;
  readonly run: () => void;
}

export function actionsOf(model: Model): readonly Action[] {
  const me = model.me.peek();
  const quiet = me?.presence === "dnd";
  return [
    { word: t("shell.list.new"), line: t("shell.action.newChat"), icon: "edit", run: () => void (overlay.value = "newchat") },
    { word: t("shell.group.new"), line: t("shell.action.newGroup"), icon: "people", run: () => void (overlay.value = "newgroup") },
    { word: quiet ? t("shell.action.undisturb") : t("ui.presence.dnd"), line: t("shell.action.dnd"), icon: quiet ? "bell" : "bellOff", run: () => void setPresence(model, quiet ? "available" : "dnd") },
    { word: dark.peek() ? t("shell.action.light") : t("shell.action.dark"), line: t("shell.action.theme"), icon: "sun", run: () => void (theme.value = dark.peek() ? "light" : "dark") },
    { word: t("shell.rail.settings"), line: t("shell.action.settings"), icon: "settings", run: () => go(["settings"]) },
    { word: t("shell.keys.title"), line: t("shell.action.keys"), icon: "keyboard", run: () => void (overlay.value = "keys") },
    { word: t("shell.you.leave"), line: t("shell.action.leave"), icon: "leave", run: () => void signOut(model) },
  ];
}
