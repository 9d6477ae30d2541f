// Who has got and read a message, asked of the store.
import type { ChatState } from "./chatstate.ts";
import type { Host } from "./host.ts";
import { optional } from "./item.ts";
import type { Reader } from "./types.ts";

/** Learns who has read the newest own message of a group; what comes later is told. */
export async function loadMarks(host: Host, chat: ChatState, id: number): Promise<void> {
  const { people } = await host.client.messages.readMarks(id);
  for (const p of people) {
    const old = chat.marks.get(p.sip) ?? { delivered: 0, read: 0 };
    chat.marks.set(p.sip, {
      delivered: p.delivered === undefined ? old.delivered : Math.max(old.delivered, id),
      read: p.read === undefined ? old.read : Math.max(old.read, id),
    });
  }
}

export async function readersOf(host: Host, id: number): Promise<readonly Reader[]> {
  const { people } = await host.client.messages.readMarks(id);
  return people.map((p) => {
    host.people.learn(p.sip, p.dn);
    return { person: host.people.get(p.sip), ...optional("delivered", p.delivered), ...optional("read", p.read) };
  });
}
