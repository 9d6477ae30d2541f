// Attachments of a chat, by kind. The store has no list of them, so the history is read
// backwards, some pages at a time, until there is something to show.
import { typeByName, type ChatState } from "./chatstate.ts";
import type { Host } from "./host.ts";
import type { Attachment, Message } from "./types.ts";
import { Views } from "./view.ts";

export type Kind = "media" | "file" | "voice";
const perPage = 200;
const maxPages = 25;
const enough = 30;

export async function scanAttachments(
  host: Host,
  chat: ChatState,
  kind: Kind,
  before?: number,
): Promise<readonly { message: Message; attachment: Attachment }[]> {
  const views = new Views(chat, { me: host.me, people: host.people, files: host.files, outbox: host.outbox, quote: () => undefined });
  const found: { message: Message; attachment: Attachment }[] = [];
  let below = before;
  for (let n = 0; n < maxPages && found.length < enough; n++) {
    const page = await host.client.messages.readChat(chat.name, { count: perPage, keep: true, ...(below === undefined ? {} : { below }) });
    for (const m of page.items) {
      const message = views.entry(host.entry(m));
      found.push(...message.attached.filter((a) => kindOf(a) === kind).map((attachment) => ({ message, attachment })));
      below = Math.min(below ?? m.id, m.id);
    }
    if (!page.more || page.items.length === 0) {
      break;
    }
  }
  return found;
}

function kindOf(a: Attachment): Kind {
  const type = (a.type || typeByName(a.name)).split("/")[0];
  return type === "image" || type === "video" ? "media" : type === "audio" ? "voice" : "file";
}
