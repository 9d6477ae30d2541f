// What a conversation needs of the rest of the model: the model of one signed-in person.
import type { Client } from "../../protocol/index.ts";
import type { Chats } from "./chats.ts";
import type { ChatState } from "./chatstate.ts";
import type { Drafts } from "./drafts.ts";
import type { Files } from "./files.ts";
import type { Kept } from "./kept.ts";
import type { Outbox } from "./outbox.ts";
import type { People } from "./people.ts";
import type { Platform } from "./platform.ts";
import type { Talk } from "./conversation.ts";
import type { Message as StoredMessage } from "../../protocol/index.ts";
import type { NumberedEntry } from "./history.ts";
import type { Words } from "./words.ts";

export interface Host {
  readonly me: string;
  readonly client: Client;
  readonly platform: Platform;
  readonly words: Words;
  readonly people: People;
  readonly chats: Chats;
  readonly files: Files;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly kept: Kept;
  entry(m: StoredMessage): NumberedEntry;
  /** One has looked at everything up to this message. */
  read(chat: ChatState, id: number): void;
  /** Takes and gives back what is open. */
  opened(talk: Talk): void;
  ended(talk: Talk): void;
}
