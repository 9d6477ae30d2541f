import { cx } from "../../ui/cx.ts";
import { Empty } from "../../ui/parts.tsx";
import { t } from "../../i18n/index.ts";
import { lazy } from "../lazy.ts";
import { News, useNews } from "../notify.tsx";
import type { Model } from "../model/types.ts";
import { Banners } from "./Banners.tsx";
import { ChatList } from "./ChatList.tsx";
import { ListEdge, useListWidth } from "./ListEdge.tsx";
import { Rail, TabBar } from "./Rail.tsx";
import { useGlobalKeys } from "./commands.ts";
import { chatName, detailsOpen, onePane, overlay, phone, place } from "./state.ts";
import { route } from "../../ui/route.ts";

const Conversation = lazy(async () => (await import("./Conversation.tsx")).Conversation, EmptyPane);
const Details = lazy(async () => (await import("./Details.tsx")).Details, EmptyPanel);
const Finder = lazy(async () => (await import("./Finder.tsx")).Finder);
const NewChat = lazy(async () => (await import("./NewChat.tsx")).NewChat);
const CreateGroup = lazy(async () => (await import("./CreateGroup.tsx")).CreateGroup);
const KeyTable = lazy(async () => (await import("./KeyTable.tsx")).KeyTable);
const PeopleList = lazy(async () => (await import("./People.tsx")).PeopleList);
const PersonPage = lazy(async () => (await import("./People.tsx")).PersonPage);
const FilesPage = lazy(async () => (await import("./Files.tsx")).FilesPage);
const SettingsList = lazy(async () => (await import("./settings/Settings.tsx")).SettingsList);
const SettingsPage = lazy(async () => (await import("./settings/Settings.tsx")).SettingsPage);

/** The signed-in page: rail, list, pane, details; one pane below 900. */
export function Frame({ model }: { model: Model }) {
  useGlobalKeys(model);
  useNews(model);
  const width = useListWidth();
  const covered = onePane.value && paneOpen();
  const details = detailsOpen.value && chatName.value !== undefined;
  const wideList = place.value === "files";
  return (
    <div ref={width} class={cx("app", details && "with-panel", onePane.value && "one-pane", phone.value && "phone", wideList && "no-list")}>
      {!phone.value && <Rail model={model} />}
      {!covered && !wideList && <ListPane model={model} />}
      {!onePane.value && !wideList && <ListEdge />}
      {(covered || !onePane.value || wideList) && <MainPane model={model} />}
      {details && <Details key={chatName.value} model={model} chat={chatName.value ?? ""} />}
      {phone.value && !(covered && place.value === "chats") && <TabBar model={model} />}
      <Overlays model={model} />
      <News />
    </div>
  );
}

/** Whether the address names something for the pane beside the list. */
function paneOpen(): boolean {
  return place.value === "files" || chatName.value !== undefined || (place.value !== "chats" && route.value.length > 1);
}

function ListPane({ model }: { model: Model }) {
  if (place.value === "people") return <PeopleList model={model} />;
  if (place.value === "settings") return <SettingsList model={model} />;
  return <ChatList model={model} />;
}

function MainPane({ model }: { model: Model }) {
  if (place.value === "people") return <PersonPage model={model} sip={route.value[1]} />;
  if (place.value === "files") return <FilesPage model={model} />;
  if (place.value === "settings") return <SettingsPage model={model} page={route.value[1]} />;
  const name = chatName.value;
  if (name !== undefined) return <Conversation key={name} model={model} chat={name} />;
  return (
    <main class="conv nothing" data-scope="page" data-region tabIndex={-1}>
      <Banners model={model} />
      <Empty title={t("shell.pane.emptyTitle")} act={{ word: t("shell.finder.label"), run: () => void (overlay.value = "finder") }}>
        {t("shell.pane.emptyText")}
      </Empty>
    </main>
  );
}

/** Stands where the conversation comes, so that nothing moves. */
function EmptyPane() {
  return (
    <main class="conv">
      <header class="bar" />
    </main>
  );
}

function EmptyPanel() {
  return <aside class="panel" />;
}

function Overlays({ model }: { model: Model }) {
  const close = () => void (overlay.value = undefined);
  switch (overlay.value) {
    case "finder":
      return <Finder model={model} onClose={close} />;
    case "newchat":
      return <NewChat model={model} onClose={close} />;
    case "newgroup":
      return <CreateGroup model={model} onClose={close} />;
    case "keys":
      return <KeyTable onClose={close} />;
    default:
      return null;
  }
}
