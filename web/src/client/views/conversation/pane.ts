// What the parts of one open conversation share: which message is chosen, answered,
// edited, selected; what lies on top; and the acts on messages.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { ask } from "../../../ui/Dialog.tsx";
import { plain } from "../../../ui/html.ts";
import { href } from "../../../ui/route.ts";
import { toast } from "../../../ui/Toast.tsx";
import type { Attachment, ChatName, Conversation, Message, Model } from "../../model/types.ts";

export interface Mention {
  readonly name: string;
  readonly sip: string;
  readonly own?: boolean;
  /** Owner or admin of the group. */
  readonly moderates?: boolean;
}

/** What lies over the pane. */
export type Over =
  | { readonly what: "forward"; readonly messages: readonly Message[] }
  | { readonly what: "readers"; readonly message: Message }
  | { readonly what: "date"; readonly time: number }
  | { readonly what: "gallery"; readonly message: Message; readonly attachment: Attachment }
  | { readonly what: "react"; readonly message: Message };

/** What the log can do for others. */
export interface LogHandle {
  /** Brings a row into view; false where it is not loaded. */
  show(key: string, align?: "center" | "start" | "near"): boolean;
  toEnd(): void;
  focus(key: string): void;
}

/** What the composer can do for others. */
export interface ComposerHandle {
  focus(): void;
  /** Adds files to the tray. */
  add(files: readonly File[]): void;
}

export interface Pane {
  readonly model: Model;
  readonly chat: ChatName;
  readonly conv: Conversation;
  readonly volatile: ReadonlySignal<boolean>;
  readonly isGroup: ReadonlySignal<boolean>;
  /** The message with the roving focus. */
  readonly chosen: Signal<string | undefined>;
  /** Where Tab enters the log: the chosen message, or the last one in view where that is elsewhere. */
  readonly stop: Signal<string | undefined>;
  readonly hot: Signal<string | undefined>;
  readonly reply: Signal<Message | undefined>;
  readonly editing: Signal<Message | undefined>;
  readonly selected: Signal<ReadonlySet<string> | undefined>;
  /** Deleted here, still to be undone for some seconds. */
  readonly hidden: Signal<ReadonlySet<string>>;
  readonly tint: Signal<string | undefined>;
  readonly over: Signal<Over | undefined>;
  readonly searching: Signal<boolean>;
  /** Words to mark in the messages. */
  readonly marks: Signal<readonly string[]>;
  readonly mentions: Signal<readonly Mention[]>;
  /** Said once to screen readers. */
  readonly said: Signal<string>;
  /** The newest message is in view. */
  readonly atEnd: Signal<boolean>;
  log: LogHandle | undefined;
  composer: ComposerHandle | undefined;
  readonly acts: Acts;
}

export type Acts = ReturnType<typeof actsOf>;

const undoTime = 8000;
export const mostSelected = 100;

export function createPane(model: Model, chat: ChatName): Pane {
  const conv = model.open(chat);
  const pane: Omit<Pane, "acts"> = {
    model, chat, conv,
    volatile: computed(() => conv.chat.value?.volatile ?? false),
    isGroup: computed(() => conv.chat.value?.group !== undefined),
    chosen: signal(undefined), stop: signal(undefined), hot: signal(undefined), reply: signal(undefined), editing: signal(undefined),
    selected: signal(undefined), hidden: signal(new Set<string>()), tint: signal(undefined), over: signal(undefined),
    searching: signal(false), marks: signal([]), mentions: signal([]), said: signal(""), atEnd: signal(true),
    log: undefined, composer: undefined,
  };
  return Object.assign(pane, { acts: actsOf(pane) });
}

const context = createContext<Pane | undefined>(undefined);
export const PaneProvider = context.Provider;

export function usePane(): Pane {
  const pane = useContext(context);
  if (!pane) throw new Error("usePane outside of ConversationPane");
  return pane;
}

/** What one may do with a message; an act that is not possible is not offered. */
export interface May {
  readonly reply: boolean;
  readonly react: boolean;
  readonly edit: boolean;
  readonly forward: boolean;
  readonly pin: boolean;
  readonly copy: boolean;
  readonly link: boolean;
  readonly remove: boolean;
  readonly readers: boolean;
  readonly select: boolean;
}

export function mayOf(pane: Pick<Pane, "conv" | "volatile">, m: Message): May {
  const chat = pane.conv.chat.value;
  const write = chat?.group?.mayWrite ?? true;
  const moderates = chat?.group !== undefined && chat.group.role !== "member";
  const stored = m.id !== undefined && !m.deleted && !m.system;
  return {
    reply: stored && write,
    react: stored && write,
    edit: stored && m.own && m.html !== "",
    forward: !m.deleted && !m.system && m.state !== "waiting" && m.state !== "failed",
    pin: stored && (chat?.group === undefined || moderates),
    copy: !m.deleted && m.html !== "",
    link: stored,
    remove: (stored && (m.own || moderates)) || m.state === "waiting" || m.state === "failed",
    readers: stored && m.own && chat?.group !== undefined,
    select: !m.deleted && !m.system,
  };
}

function actsOf(pane: Omit<Pane, "acts">) {
  const { conv } = pane;
  const failed = (e: unknown) => void toast(e instanceof Error && e.message ? e.message : t("conversation.failed"));
  const pending = new Map<string, () => void>();

  /** Removes at once here, for all after the time to undo; at once when the page goes. */
  function removeSoon(m: Message): void {
    const id = m.id;
    if (id === undefined) return conv.cancel(m.key);
    pane.hidden.value = new Set([...pane.hidden.value, m.key]);
    const show = () => {
      clearTimeout(timer);
      pending.delete(m.key);
      pane.hidden.value = new Set([...pane.hidden.value].filter((k) => k !== m.key));
    };
    const now = () => {
      clearTimeout(timer);
      closeToast(); // it can no longer be undone
      pending.delete(m.key);
      conv.remove(id).catch((e: unknown) => (show(), failed(e)));
    };
    const timer = setTimeout(now, undoTime);
    pending.set(m.key, now);
    const closeToast = toast(t("conversation.deletedToast"), { word: t("ui.undo"), run: show });
  }

  return {
    failed,
    reply(m: Message) {
      batch(() => {
        pane.editing.value = undefined;
        pane.reply.value = m;
      });
      pane.composer?.focus();
    },
    edit(m: Message) {
      batch(() => {
        pane.reply.value = undefined;
        pane.editing.value = m;
      });
      pane.composer?.focus();
    },
    react(m: Message, emoji: string) {
      if (m.id === undefined) return;
      const on = !m.reactions.some((r) => r.emoji === emoji && r.own);
      conv.react(m.id, emoji, on).catch(failed);
    },
    pin(m: Message) {
      if (m.id !== undefined) conv.pin(m.id, !m.pinned).catch(failed);
    },
    forward(messages: readonly Message[]) {
      pane.over.value = { what: "forward", messages };
    },
    copy(messages: readonly Message[]) {
      const text = messages.length === 1 && messages[0] ? textOfLines(messages[0].html) : messages.map((m) => `${m.author.dn}: ${textOfLines(m.html)}`).join("\n");
      write(text).then(() => toast(t("ui.copied")), failed);
    },
    copyLink(m: Message) {
      const base = location.href.replace(/#.*$/, "");
      write(`${base}${href("chat", pane.chat, String(m.id))}`).then(() => toast(t("conversation.linkCopied")), failed);
    },
    async remove(messages: readonly Message[]) {
      const one = messages.length === 1 ? messages[0] : undefined;
      if (one && (one.own || one.id === undefined)) return removeSoon(one);
      const yes = await ask({
        title: one ? t("conversation.deleteOther", { name: one.author.dn }) : t("conversation.deleteMany", { count: messages.length }),
        text: t("conversation.deleteForAll"), act: t("conversation.delete"), bad: true,
      });
      if (!yes) return;
      pane.selected.value = undefined;
      await Promise.all(messages.map((m) => (m.id === undefined ? conv.cancel(m.key) : conv.remove(m.id)))).catch(failed);
    },
    select(m: Message) {
      const now = new Set(pane.selected.value ?? []);
      if (!now.delete(m.key) && now.size < mostSelected) now.add(m.key);
      pane.selected.value = now.size > 0 ? now : undefined;
    },
    /** Goes to a message, loading its part of the history, and tints it for a second. */
    async jump(to: { id: number } | { time: number }) {
      const loaded = "id" in to ? conv.messages.value.find((m) => m.id === to.id)?.key : undefined;
      const key = loaded ?? (await conv.jump(to).catch(failed));
      if (key === undefined) return void toast(t("conversation.notFound"));
      await drawn();
      if (!pane.log?.show(`m-${key}`, "id" in to ? "center" : "start")) return;
      pane.chosen.value = key;
      if (!("id" in to)) return;
      pane.tint.value = key;
      setTimeout(() => pane.tint.value === key && (pane.tint.value = undefined), 1000);
    },
    async newest() {
      if (!conv.atEnd.value) await conv.newest().catch(failed);
      pane.log?.toEnd();
    },
    /** What waits to be undone is done: the pane closes. */
    finish() {
      for (const now of [...pending.values()]) now();
    },
  };
}

/** When what has just changed is on the page: components are drawn in a microtask, the list then lays itself out. */
function drawn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Text of several lines, for the clipboard. */
function textOfLines(html: string): string {
  return html.split(/<br>|<\/(?:p|div|li|tr|blockquote|pre|h[1-6])>/i).map(plain).join("\n").trim();
}

async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain http in a LAN has no clipboard interface; the old command works there.
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "vh";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error(t("conversation.noClipboard"));
}
