// Searching people and messages.
import type { Found } from "../../protocol/index.ts";
import type { Home } from "./home.ts";
import { shownName } from "./text.ts";
import type { Hit, Person } from "./types.ts";
import { ActError, actError } from "./words.ts";

const maxQuery = 256;

export async function searchPeople(h: Home, query: string, cursor?: string): Promise<{ people: readonly Person[]; next?: string }> {
  try {
    const found = await h.client.people.search(query.slice(0, maxQuery), cursor === undefined ? {} : { after: cursor });
    const people = found.people.map((p) => {
      h.people.learn(p.sip, p.dn, { ...(p.num === undefined ? {} : { num: p.num }), ...(p.email === undefined ? {} : { email: p.email }) });
      return h.people.get(p.sip);
    });
    return found.next === undefined ? { people } : { people, next: found.next };
  } catch (e) {
    throw actError(h.words, e);
  }
}

export async function searchMessages(h: Home, query: string, in_?: { chat?: string; before?: number }): Promise<{ hits: readonly Hit[]; more: boolean }> {
  const text = query.trim().slice(0, maxQuery);
  if (text === "") {
    return { hits: [], more: false };
  }
  try {
    if (h.client.messages.store.state === "off") {
      throw new ActError("volatile", h.words("act.volatile"));
    }
    const page = await h.client.messages.search(text, {
      ...(in_?.chat === undefined ? {} : { chat: in_.chat }),
      ...(in_?.before === undefined ? {} : { older: in_.before }),
    });
    return { hits: page.items.map((f) => hit(h, f)), more: page.more };
  } catch (e) {
    throw actError(h.words, e);
  }
}

function hit(h: Home, f: Found): Hit {
  h.people.learn(f.message.author, f.message.authorName);
  const c = h.chats.get(f.chat);
  return {
    chat: f.chat, title: c?.row.peek()?.title ?? (c?.group === undefined ? h.people.name(f.chat) : shownName(c.group.title, f.chat)),
    id: f.message.id, author: h.people.name(f.message.author), text: f.excerpt, marks: utf16(f.excerpt, f.highlight), time: f.message.timestamp,
  };
}

/** The service counts characters; strings here are indexed by UTF-16 units. */
export function utf16(text: string, marks: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const at: number[] = [0];
  for (const c of text) {
    at.push((at[at.length - 1] ?? 0) + c.length);
  }
  return marks.flatMap(([from, to]) => {
    const a = at[from];
    const b = at[to];
    return a === undefined || b === undefined || b <= a ? [] : [[a, b] as const];
  });
}
