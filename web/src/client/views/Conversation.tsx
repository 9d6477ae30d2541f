import "../../ui/css/conversation.css";
import type { Model } from "../model/types.ts";
import { ConversationPane } from "./conversation/Conversation.tsx";
import { chatAt, closePane, detailsOpen, onePane } from "./state.ts";

/** The conversation pane in the frame: what it needs of the address and the details. */
export function Conversation({ model, chat }: { model: Model; chat: string }) {
  return (
    <ConversationPane
      model={model}
      chat={chat}
      at={chatAt.value}
      details={detailsOpen.value}
      onDetails={() => void (detailsOpen.value = !detailsOpen.value)}
      onBack={onePane.value ? closePane : undefined}
    />
  );
}
