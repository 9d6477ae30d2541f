import { useEffect, useMemo, useState } from "preact/hooks";
import { Avatar } from "../../ui/Avatar.tsx";
import { IconButton } from "../../ui/Button.tsx";
import { ask, Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { number } from "../../ui/format.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { IconName } from "../../ui/icons.ts";
import { Tabs } from "../../ui/Tabs.tsx";
import { toast } from "../../ui/Toast.tsx";
import { Button } from "../../ui/Button.tsx";
import { t } from "../../i18n/index.ts";
import type { Chat, Conversation, Model } from "../model/types.ts";
import { Attachments, Pins } from "./Attachments.tsx";
import { leaveGroup } from "./ChatList.tsx";
import { InviteDialog } from "./CreateGroup.tsx";
import { explain } from "./errors.ts";
import { Members } from "./Members.tsx";
import { PersonCard } from "./People.tsx";
import { chatName, closePane, detailsOpen } from "./state.ts";

type Tab = "members" | "media" | "file" | "voice" | "pins";

/** The side panel (mock 03): who a chat is, what is in it, and what one may do with it. */
export function Details({ model, chat: name }: { model: Model; chat: string }) {
  const talk = useMemo(() => model.open(name), [model, name]);
  useEffect(() => () => talk.close(), [talk]);
  const chat = talk.chat.value ?? model.chats.value.find((c) => c.name === name);
  const person = name.startsWith("messages?") ? undefined : model.person(name).value;
  const close = () => void (detailsOpen.value = false);
  return (
    <aside class="panel" aria-label={t("shell.details.title")} data-scope="details" data-region tabIndex={-1}>
      <header>
        <h2>{t("shell.details.title")}</h2>
        <IconButton icon="close" label={t("shell.details.close")} keys="Ctrl ." onClick={close} />
      </header>
      <div class="panel-body scroll">
        {chat?.group ? <GroupHead model={model} chat={chat} /> : person && <PersonCard person={person} offline={model.line.value.state !== "up"} />}
        {chat && <Quad model={model} chat={chat} talk={talk} />}
        {chat && <Content key={name} model={model} chat={chat} talk={talk} />}
      </div>
      {chat?.group && <GroupFoot model={model} chat={chat} />}
    </aside>
  );
}

function GroupHead({ model, chat }: { model: Model; chat: Chat }) {
  const [renaming, setRenaming] = useState(false);
  const may = chat.group?.role !== "member";
  return (
    <div class="id">
      <Avatar id={chat.name} name={chat.title} group size="lg" />
      <h3 dir="auto">
        {chat.title}
        {may && <IconButton icon="edit" size="s" label={t("shell.details.rename")} onClick={() => setRenaming(true)} />}
      </h3>
      <p>{t("shell.details.members", { count: chat.group?.count ?? 0, shown: number(chat.group?.count ?? 0) })}{chat.group?.announce ? ` · ${t("shell.row.announce")}` : ""}</p>
      {renaming && <Rename model={model} chat={chat} onClose={() => setRenaming(false)} />}
    </div>
  );
}

function Rename({ model, chat, onClose }: { model: Model; chat: Chat; onClose: () => void }) {
  const [title, setTitle] = useState(chat.title);
  const [error, setError] = useState("");
  const save = async (e: Event) => {
    e.preventDefault();
    if (title.trim() === "") return;
    try {
      await model.groups.change(chat.name, { title: title.trim() });
      onClose();
    } catch (why) {
      setError(explain(t("shell.details.renameFailed"), why));
    }
  };
  return (
    <Dialog title={t("shell.details.rename")} onClose={onClose} foot={<><Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button><Button kind="pri" type="submit" form="rename" disabled={title.trim() === ""}>{t("ui.save")}</Button></>}>
      <form id="rename" onSubmit={save}>
        <Field label={t("shell.group.title")} value={title} onInput={setTitle} maxLength={120} error={error} autofocus />
      </form>
    </Dialog>
  );
}

/** Four keys under the face. */
function Quad({ model, chat, talk }: { model: Model; chat: Chat; talk: Conversation }) {
  const [inviting, setInviting] = useState<ReadonlySet<string> | undefined>(undefined);
  const invite = async () => {
    const first = await talk.members();
    setInviting(new Set(first.members.map((m) => m.person.sip)));
  };
  const mayInvite = chat.group !== undefined && chat.group.role !== "member";
  return (
    <div class={mayInvite ? "quad three" : "quad two"}>
      {mayInvite && <QuadKey icon="addPerson" word={t("shell.details.invite")} run={() => void invite()} />}
      <QuadKey icon={chat.muted ? "bell" : "bellOff"} word={chat.muted ? t("shell.row.unmute") : t("shell.row.mute")} on={chat.muted} run={() => model.setMuted(chat.name, !chat.muted)} />
      <QuadKey icon="pin" word={chat.pinned ? t("shell.row.unpin") : t("shell.row.pin")} on={chat.pinned} run={() => model.setPinned(chat.name, !chat.pinned)} />
      {inviting && <InviteDialog model={model} chat={chat.name} members={inviting} onClose={() => setInviting(undefined)} onDone={() => toast(t("shell.group.invited"))} />}
    </div>
  );
}

function QuadKey({ icon, word, on, run }: { icon: IconName; word: string; on?: boolean; run: () => void }) {
  return (
    <button type="button" class={on ? "on" : undefined} onClick={run}>
      <Icon name={icon} />
      <span class="ell">{word}</span>
    </button>
  );
}

function Content({ model, chat, talk }: { model: Model; chat: Chat; talk: Conversation }) {
  const [tab, setTab] = useState<Tab>(chat.group ? "members" : "media");
  const tabs: readonly Tab[] = chat.group ? ["members", "media", "file", "voice", "pins"] : ["media", "file", "voice", "pins"];
  return (
    <Tabs label={t("shell.details.tabs")} value={tab} tabs={tabs.map((value) => ({ value, word: t(`shell.details.tab.${value}`) }))} onChange={setTab} class="fill-panel">
      {tab === "members" ? <Members model={model} chat={chat} talk={talk} /> : tab === "pins" ? <Pins chat={chat.name} talk={talk} /> : <Attachments key={tab} model={model} chat={chat.name} talk={talk} kind={tab} />}
    </Tabs>
  );
}

function GroupFoot({ model, chat }: { model: Model; chat: Chat }) {
  const group = chat.group;
  if (!group) return null;
  const may = group.role !== "member";
  const announce = async (on: boolean) => {
    try {
      await model.groups.change(chat.name, { announce: on });
    } catch (why) {
      toast(explain(t("shell.details.announceFailed"), why));
    }
  };
  return (
    <div class="panel-foot">
      <hr class="rule" />
      {may && (
        <div class="set">
          <Icon name="megaphone" />
          <span class="grow" aria-hidden="true" onClick={() => void announce(!group.announce)}>{t("shell.group.announce")}</span>
          <button type="button" class="sw" role="switch" aria-checked={group.announce} aria-label={t("shell.group.announce")} onClick={() => void announce(!group.announce)} />
        </div>
      )}
      <button type="button" class="set bad" onClick={() => void leaveGroup(model, chat)}>
        <Icon name="leave" />
        <span class="grow">{t("shell.group.leave")}</span>
      </button>
      {group.role === "owner" && (
        <button type="button" class="set bad" onClick={() => void endGroup(model, chat)}>
          <Icon name="trash" />
          <span class="grow">{t("shell.group.end")}</span>
        </button>
      )}
    </div>
  );
}

async function endGroup(model: Model, chat: Chat): Promise<void> {
  if (!(await ask({ title: t("shell.group.endTitle", { name: chat.title }), text: t("shell.group.endText", { count: chat.group?.count ?? 0 }), act: t("shell.group.end"), bad: true }))) return;
  try {
    await model.groups.end(chat.name);
    if (chatName.peek() === chat.name) closePane();
  } catch (why) {
    toast(explain(t("shell.group.endFailed", { name: chat.title }), why));
  }
}
