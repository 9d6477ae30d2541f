// What the screens of the client share with each other, and nobody else.
import { computed, signal } from "@preact/signals";
import { back, go, route } from "../../ui/route.ts";
import { isBoolean, setting } from "../../ui/settings.ts";
import { wide } from "../../ui/theme.ts";
import type { ChatName } from "../model/types.ts";

export type Place = "chats" | "people" | "files" | "settings";

/** The place of the rail that is shown. */
export const place = computed<Place>(() => {
  const first = route.value[0];
  return first === "people" || first === "files" || first === "settings" ? first : "chats";
});

/** The open chat. */
export const chatName = computed<ChatName | undefined>(() => (route.value[0] === "chat" ? route.value[1] : undefined));

/** The message to go to, from a hit of the finder (#/chat/<name>/<id>). */
export const chatAt = computed<number | undefined>(() => {
  const id = route.value[0] === "chat" ? Number(route.value[2]) : NaN;
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
});

export const detailsOpen = setting("details", false, isBoolean);

export type Overlay = "finder" | "newchat" | "newgroup" | "keys" | undefined;
export const overlay = signal<Overlay>(undefined);

export type Filter = "all" | "unread" | "mentions" | "groups";
export const filter = signal<Filter>("all");

/** One pane at a time: below 900. */
export const onePane = computed(() => !wide.w900.value);
/** The phone: no rail, a bar at the foot. */
export const phone = computed(() => !wide.w600.value);

export function openChat(name: ChatName, at?: number): void {
  go(at === undefined ? ["chat", name] : ["chat", name, String(at)]);
}

/** Back to the list from a pane that covers it. */
export function closePane(): void {
  const at = place.peek();
  back(at === "chats" ? [] : [at]);
}
