// Acts on groups.
import { ChatState } from "./chatstate.ts";
import type { Home } from "./home.ts";
import type { ChatName, Groups, Role } from "./types.ts";
import { ActError, actError } from "./words.ts";

/** "Until unmuted": further than anybody waits. */
const longMute = 10 * 365 * 864e5;

export function groupsOf(home: () => Home): Groups {
  const act = async <T>(f: (h: Home) => Promise<T>): Promise<T> => {
    const h = home();
    try {
      if (h.client.messages.store.state === "off") {
        throw new ActError("volatile", h.words("send.group"));
      }
      return await f(h);
    } catch (e) {
      throw actError(h.words, e);
    }
  };
  /** One after the other; all are tried, and the first error is told. */
  const each = async (people: readonly string[], f: (sip: string) => Promise<void>): Promise<void> => {
    let failed: { error: unknown } | undefined;
    for (const sip of people) {
      await f(sip).catch((error: unknown) => (failed ??= { error }));
    }
    if (failed !== undefined) {
      throw failed.error;
    }
  };
  return {
    create: (title, people, announce) =>
      act(async (h) => {
        const { id, sip } = await h.client.messages.createGroup(title);
        const c: ChatState = h.chats.of(sip);
        c.group = { id, title, announce, count: people.length + 1, role: "owner" };
        c.since = h.platform.now();
        h.chats.touch(c);
        h.chats.flush();
        if (announce) {
          await h.client.messages.setGroup(sip, { announce });
        }
        // The group is there: who could not be invited is told, and the group is opened all the same.
        await each(people, (p) => h.client.messages.invite(sip, p)).catch((e: unknown) => h.notice(actError(h.words, e)));
        return sip;
      }),
    change: (chat, to) => act((h) => h.client.messages.setGroup(chat, { ...(to.title === undefined ? {} : { dn: to.title }), ...(to.announce === undefined ? {} : { announce: to.announce }) })),
    invite: (chat, people) => act((h) => each(people, (p) => h.client.messages.invite(chat, p))),
    kick: (chat, sip) => act((h) => h.client.messages.kick(chat, sip)),
    ban: (chat, sip) => act((h) => h.client.messages.ban(chat, sip, true)),
    unban: (chat, sip) => act((h) => h.client.messages.ban(chat, sip, false)),
    mute: (chat, sip, on) => act((h) => h.client.messages.mute(chat, sip, on ? h.platform.now() + longMute : 0)),
    grant: (chat: ChatName, sip: string, role: Role) => act((h) => h.client.messages.grant(chat, sip, role)),
    leave: (chat) => act((h) => h.client.messages.leave(chat)),
    end: (chat) => act((h) => h.client.messages.deleteGroup(chat)),
  };
}
