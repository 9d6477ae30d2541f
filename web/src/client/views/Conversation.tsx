import type { ComponentType } from "preact";
import { IconButton } from "../../ui/Button.tsx";
import { t } from "../../i18n/index.ts";
import type { Model } from "../model/types.ts";
import { Banners } from "./Banners.tsx";
import { chatAt, closePane, detailsOpen, onePane } from "./state.ts";

/** What the frame gives the conversation pane. It draws its bar, `<Banners model chat>` under it, log and composer. */
export interface ConversationPaneProps {
  model: Model;
  chat: string;
  onDetails: () => void;
  /** Whether the details are open: the key in the bar is pressed. */
  details?: boolean;
  /** Set where one pane is shown at a time: the bar begins with a back key. */
  onBack?: (() => void) | undefined;
  /** A message to go to (from a search hit). */
  at?: number | undefined;
}

const panes = import.meta.glob<{ ConversationPane: ComponentType<ConversationPaneProps> }>("./conversation/Conversation.tsx", { eager: true });

export function Conversation({ model, chat }: { model: Model; chat: string }) {
  const Pane = panes["./conversation/Conversation.tsx"]?.ConversationPane ?? Placeholder;
  return <Pane model={model} chat={chat} at={chatAt.value} details={detailsOpen.value} onDetails={() => void (detailsOpen.value = !detailsOpen.value)} onBack={onePane.value ? closePane : undefined} />;
}

function Placeholder({ model, chat, onDetails, onBack }: ConversationPaneProps) {
  const of = model.chats.value.find((c) => c.name === chat);
  return (
    <main class="conv" data-scope="conversation" data-region tabIndex={-1}>
      <header class="bar">
        {onBack && <IconButton icon="back" label={t("ui.back")} onClick={onBack} />}
        <div class="who"><div class="grow"><h2>{of?.title ?? chat}</h2></div></div>
        <IconButton icon="details" label={t("shell.details.title")} onClick={onDetails} />
      </header>
      <Banners model={model} chat={of} />
    </main>
  );
}
