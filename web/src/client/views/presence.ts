import { ask } from "../../ui/Dialog.tsx";
import { number } from "../../ui/format.ts";
import { openMenu } from "../../ui/Menu.tsx";
import { go } from "../../ui/route.ts";
import { toast } from "../../ui/Toast.tsx";
import { t } from "../../i18n/index.ts";
import type { Model } from "../model/types.ts";
import { explain } from "./errors.ts";

const choices = ["available", "away", "dnd"] as const;

/** Presence from the rail: three states, the note's page, and the way out. */
export function openPresence(model: Model, at: Element): void {
  const me = model.me.peek();
  openMenu(at, t("shell.presence.label"), [
    ...choices.map((c) => ({ word: t(`ui.presence.${c}`), checked: me?.presence === c, run: () => void setPresence(model, c) })),
    "-",
    { word: t("shell.presence.note"), icon: "edit", run: () => go(["settings", "you"]) },
    { word: t("shell.rail.settings"), icon: "settings", run: () => go(["settings"]) },
    { word: t("shell.you.leave"), icon: "leave", run: () => void signOut(model) },
  ]);
}

export async function setPresence(model: Model, to: (typeof choices)[number], note = model.me.peek()?.note ?? ""): Promise<void> {
  try {
    await model.setPresence(to, note);
  } catch (e) {
    toast(explain(t("shell.presence.failed"), e));
  }
}

/** Ends the session; asks first when something still waits to be sent, because that is lost with it. */
export async function signOut(model: Model): Promise<void> {
  const { waiting } = model.line.peek();
  if (waiting > 0 && !(await ask({ title: t("shell.you.leaveTitle"), text: t("shell.you.leaveWaiting", { count: waiting, shown: number(waiting) }), act: t("shell.you.leave"), bad: true }))) return;
  go([]);
  await model.leave();
}
