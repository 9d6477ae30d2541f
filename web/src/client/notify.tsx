// News of the model for the person: the browser's notification, a quiet sound, the
// number in the title and on the icon, and a line for screen readers.
import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "../ui/route.ts";
import { isBoolean, setting } from "../ui/settings.ts";
import { toast } from "../ui/Toast.tsx";
import { t } from "../i18n/index.ts";
import type { Chat, Model, Notice } from "./model/types.ts";
import { chime } from "./chime.ts";
import { chatName, openChat } from "./views/state.ts";

export const notifications = setting("notifications", false, isBoolean);
export const previews = setting("previews", true, isBoolean);
export const sound = setting("sound", true, isBoolean);

export type Permission = "granted" | "denied" | "default" | "impossible";

/** What the browser says; impossible outside a secure context. */
export function permission(): Permission {
  return "Notification" in globalThis && isSecureContext ? Notification.permission : "impossible";
}

/** Asks the browser. Only to be called from a person's press. */
export async function askPermission(): Promise<Permission> {
  if (permission() === "impossible") return "impossible";
  const answer = await Notification.requestPermission();
  notifications.value = answer === "granted";
  return answer;
}

const spoken = signal("");

/** The live region for what happens outside the open conversation. */
export function News() {
  return (
    <div class="vh" role="status" aria-live="polite">
      {spoken.value}
    </div>
  );
}

export function useNews(model: Model): void {
  useEffect(() => {
    const stops = [model.onNotice((n) => hear(model, n)), titleOf(model), waitingDevices(model)];
    return () => stops.forEach((stop) => stop());
  }, [model]);
}

function hear(model: Model, n: Notice): void {
  if (n.kind === "error") {
    const report = [n.text, n.code, n.connection ?? "", new Date().toISOString()].filter(Boolean).join(" · ");
    toast(n.text, { word: t("ui.copyReport"), run: () => void navigator.clipboard?.writeText(report) });
    return;
  }
  const chat = model.chats.peek().find((c) => c.name === n.chat);
  const seen = document.visibilityState === "visible" && document.hasFocus() && chatName.peek() === n.chat;
  if (seen || !loud(model, chat, n.mention)) return;
  spoken.value = t("shell.news.spoken", { author: n.author, text: n.text });
  if (sound.peek()) chime(n.mention);
  if (notifications.peek() && permission() === "granted" && document.visibilityState !== "visible") show(n, chat);
}

/** Do not disturb is silent; a muted chat speaks only when one is named. */
function loud(model: Model, chat: Chat | undefined, mention: boolean): boolean {
  return model.me.peek()?.presence !== "dnd" && (!chat?.muted || mention);
}

function show(n: Notice & { kind: "message" }, chat: Chat | undefined): void {
  const title = chat?.group ? t("shell.news.inGroup", { author: n.author, group: n.title }) : n.author;
  const body = previews.peek() ? n.text : t("shell.news.hidden");
  const shown = new Notification(title, { body, tag: n.chat, icon: "/icon-192.png", silent: true });
  shown.onclick = () => {
    focus();
    openChat(n.chat);
    shown.close();
  };
}

/** (9) Cutover Hall 4 · Tandem, the number on the icon, and on the app's icon where it is installed. */
function titleOf(model: Model): () => void {
  return effect(() => {
    const { count } = model.unread.value;
    const open = model.chats.value.find((c) => c.name === chatName.value)?.title;
    const name = model.branding.value.name;
    document.title = `${count > 0 ? `(${count > 99 ? "99+" : count}) ` : ""}${open ? `${open} · ` : ""}${name}`;
    favicon(count > 0);
    const badge = (navigator as Navigator & { setAppBadge?: (n: number) => Promise<void> }).setAppBadge;
    badge?.call(navigator, count).catch(() => undefined);
  });
}

/** A device that waits for the second factor is said once, wherever the person is. */
function waitingDevices(model: Model): () => void {
  const said = new Map<string, () => void>();
  const stop = model.sessions.subscribe((sessions) => {
    const waiting = new Map(sessions.flatMap((s) => (s.code !== undefined && !s.current ? [[s.id, s.code] as const] : [])));
    for (const [id, close] of said) {
      if (waiting.has(id)) continue;
      close();
      said.delete(id);
    }
    for (const [id, code] of waiting) {
      if (said.has(id)) continue;
      said.set(id, toast(t("shell.news.device", { code }), { word: t("shell.news.look"), run: () => go(["settings", "devices"]) }, true));
    }
  });
  return () => {
    stop();
    for (const close of said.values()) close();
  };
}

let lit: boolean | undefined;
function favicon(news: boolean): void {
  if (news === lit) return;
  lit = news;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = news ? "/icon-news.svg" : "/icon.svg";
}
