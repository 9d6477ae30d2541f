import { useComputed } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Button, IconButton, Kbd } from "../../ui/Button.tsx";
import { ask } from "../../ui/Dialog.tsx";
import { Segment } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { openMenu } from "../../ui/Menu.tsx";
import { Empty, Skeleton } from "../../ui/parts.tsx";
import { useRoving } from "../../ui/roving.ts";
import { toast } from "../../ui/Toast.tsx";
import { type ListHandle, VirtualList } from "../../ui/VirtualList.tsx";
import { density } from "../../ui/theme.ts";
import { t } from "../../i18n/index.ts";
import type { Chat, Model } from "../model/types.ts";
import { ChatRow } from "./ChatRow.tsx";
import { explain } from "./errors.ts";
import { PatchCord } from "./PatchCord.tsx";
import { type Filter, chatName, closePane, filter, onePane, overlay, phone } from "./state.ts";

function shown(chat: Chat, by: Filter): boolean {
  if (by === "unread") return chat.unread > 0;
  if (by === "mentions") return chat.mentions > 0;
  if (by === "groups") return chat.group !== undefined;
  return true;
}

const rowHeight = { compact: 48, comfortable: 64, roomy: 76 } as const;

/** The list of chats with finder key, filters, and the patch cord from the open row. */
export function ChatList({ model }: { model: Model }) {
  // What is open stays in a filtered list, so that reading does not take it away.
  const rows = useComputed(() => model.chats.value.filter((c) => shown(c, filter.value) || c.name === chatName.value));
  const list = useRef<ListHandle | null>(null);
  const cord = useRef<{ update(): void } | null>(null);
  const chats = rows.value;
  const open = chats.findIndex((c) => c.name === chatName.value);
  const roving = useRoving(list, chats.length, open, "a");
  const menu = useCallback((chat: Chat, e: MouseEvent) => openChatMenu(model, chat, e), [model]);
  useEffect(() => {
    if (open >= 0) list.current?.scrollToIndex(open, "auto");
  }, [chatName.value]);
  const offline = model.line.value.state !== "up";
  const current = chats[open];
  return (
    <section class="list" aria-label={t("shell.rail.chats")} data-scope="list" data-region tabIndex={-1}>
      <Head model={model} />
      {chats.length === 0 ? (
        <NoChats model={model} />
      ) : (
        <div class="rows" onKeyDown={roving.keys}>
          <VirtualList
            of={chats}
            count={chats.length}
            keyOf={(i) => chats[i]?.name ?? ""}
            estimate={rowHeight[density.value]}
            anchor="keep"
            padEnd={phone.value ? 88 : 8}
            role="list"
            rowRole="listitem"
            label={t("shell.rail.chats")}
            handle={list}
            class="fill"
            onScroll={() => cord.current?.update()}
            onRange={() => cord.current?.update()}
            render={(i) => {
              const chat = chats[i];
              return chat && <ChatRow chat={chat} current={i === open} offline={offline} stop={roving.stop(i)} onMenu={menu} />;
            }}
          />
        </div>
      )}
      {!onePane.value && current && <PatchCord list={list} chat={current.name} handle={cord} look={offline ? "dead" : current.volatile || model.line.value.store !== "on" ? "loose" : "live"} />}
      {phone.value && (
        <button type="button" class="fab" aria-label={t("shell.list.new")} onClick={() => void (overlay.value = "newchat")}>
          <Icon name="edit" />
        </button>
      )}
    </section>
  );
}

function Head({ model }: { model: Model }) {
  const { count, mentions } = model.unread.value;
  return (
    <>
      <header>
        <h1>{t("shell.rail.chats")}</h1>
        <IconButton icon="more" label={t("ui.more")} aria-haspopup="menu" onClick={(e) => listMenu(model, e.currentTarget)} />
        {!phone.value && <IconButton icon="edit" label={t("shell.list.new")} keys="N" onClick={() => void (overlay.value = "newchat")} />}
      </header>
      <div class="tools">
        <button type="button" class="search" onClick={() => void (overlay.value = "finder")}>
          <Icon name="search" small />
          <span class="ell">{t("shell.finder.label")}</span>
          {!phone.value && <Kbd keys="Ctrl K" />}
        </button>
        <Segment
          label={t("shell.list.show")}
          value={filter.value}
          onChange={(v) => void (filter.value = v)}
          options={[
            { value: "all", word: t("shell.list.all") },
            { value: "unread", word: t("shell.list.unread"), count },
            { value: "mentions", word: t("shell.list.mentions"), count: mentions },
            { value: "groups", word: t("shell.list.groups") },
          ]}
        />
      </div>
    </>
  );
}

function listMenu(model: Model, at: Element): void {
  openMenu(at, t("ui.more"), [
    { word: t("shell.list.new"), icon: "edit", keys: "N", run: () => void (overlay.value = "newchat") },
    { word: t("shell.group.new"), icon: "people", run: () => void (overlay.value = "newgroup") },
    { word: t("shell.list.readAll"), icon: "checks", disabled: model.unread.peek().count === 0, run: () => markRead(model, model.chats.peek()) },
    "-",
    { word: t("shell.keys.title"), icon: "keyboard", keys: "?", run: () => void (overlay.value = "keys") },
  ]);
}

/** Marks chats as read up to what their newest page holds; volatile ones have no numbers, all of them is read. */
function markRead(model: Model, chats: readonly Chat[]): void {
  for (const chat of chats.filter((c) => c.unread > 0).slice(0, 50)) {
    const talk = model.open(chat.name);
    const stop = talk.messages.subscribe((messages) => {
      const last = messages.findLast((m) => m.id !== undefined);
      if (last?.id === undefined && (!chat.volatile || messages.length === 0)) return;
      talk.read(last?.id ?? 0);
      queueMicrotask(() => {
        stop();
        talk.close();
      });
    });
  }
}

function openChatMenu(model: Model, chat: Chat, e: MouseEvent): void {
  openMenu(e, chat.title, [
    { word: chat.pinned ? t("shell.row.unpin") : t("shell.row.pin"), icon: "pin", run: () => model.setPinned(chat.name, !chat.pinned) },
    { word: chat.muted ? t("shell.row.unmute") : t("shell.row.mute"), icon: chat.muted ? "bell" : "bellOff", run: () => model.setMuted(chat.name, !chat.muted) },
    { word: t("shell.row.markRead"), icon: "checks", disabled: chat.unread === 0, run: () => markRead(model, [chat]) },
    ...(chat.group ? ["-" as const, { word: t("shell.group.leave"), icon: "leave" as const, bad: true, run: () => void leaveGroup(model, chat) }] : []),
  ]);
}

/** Asks, leaves, and says so; used by the row's menu and the details. */
export async function leaveGroup(model: Model, chat: Chat): Promise<void> {
  const yes = await ask({ title: t("shell.group.leaveTitle", { name: chat.title }), text: t("shell.group.leaveText"), act: t("shell.group.leave"), bad: true });
  if (!yes) return;
  try {
    await model.groups.leave(chat.name);
    if (chatName.peek() === chat.name) closePane();
    toast(t("shell.group.left", { name: chat.title }));
  } catch (why) {
    toast(explain(t("shell.group.leaveFailed", { name: chat.title }), why));
  }
}

function NoChats({ model }: { model: Model }) {
  const [waiting, setWaiting] = useState(model.line.peek().state !== "up");
  useEffect(() => model.line.subscribe((l) => l.state === "up" && setWaiting(false)), []);
  if (filter.value !== "all")
    return (
      <div class="rows centred">
        <p class="hint">{t(`shell.list.none.${filter.value}`)}</p>
        <Button kind="txt" size="s" onClick={() => void (filter.value = "all")}>
          {t("shell.list.showAll")}
        </Button>
      </div>
    );
  if (waiting && model.line.value.state === "connecting") return <div class="rows"><Skeleton late={t("ui.loadingLong")} count={9} /></div>;
  if (model.line.value.state !== "up")
    return (
      <div class="rows centred">
        <p class="hint">{t("shell.list.offline")}</p>
      </div>
    );
  return (
    <div class="rows centred">
      <Empty title={t("shell.list.emptyTitle")} act={{ word: t("shell.list.new"), run: () => void (overlay.value = "newchat") }}>
        {t("shell.list.emptyText")}
      </Empty>
    </div>
  );
}
