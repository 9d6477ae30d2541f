// The client's model. createModel() is the one door; screens see types.ts.
import { signal } from "@preact/signals";
import { createClient, clientUrl, type Client, type ClientOptions } from "../../protocol/index.ts";
import { Access } from "./access.ts";
import { groupsOf } from "./groups.ts";
import type { Home } from "./home.ts";
import { browserPlatform, type Platform } from "./platform.ts";
import { searchMessages, searchPeople } from "./search.ts";
import { Tracing } from "./tracing.ts";
import type { Branding, Chat, DeviceSession, Line, Model, Notice, Person, SignIn } from "./types.ts";
import { ActError, translated, type Words } from "./words.ts";

export type { Sentence, Words } from "./words.ts";
export { ActError } from "./words.ts";

export interface ModelOptions {
  /** Default: the sentences of i18n in the person's language. */
  readonly words?: Words;
  /** ws(s)://HOST/PBX0/APPCLIENT/websocket; default: the host of the page. */
  readonly url?: string;
  readonly client?: (o: ClientOptions) => Client;
  readonly platform?: Platform;
  readonly branding?: Branding;
}

/** Makes the model and, where a session is kept, resumes it. */
export function createModel(options: ModelOptions = {}): Model & { close(): Promise<void> } {
  const platform = options.platform ?? browserPlatform();
  const words = options.words ?? translated;
  const listeners = new Set<(n: Notice) => void>();
  const surface = {
    signIn: signal<SignIn>({ step: "out" }),
    branding: signal<Branding>(options.branding ?? { name: "Tandem" }),
    line: signal<Line>({ state: "connecting", waiting: 0, store: "on" }),
    me: signal<Person | undefined>(undefined),
    chats: signal<readonly Chat[]>([]),
    unread: signal({ count: 0, chats: 0, mentions: 0 }),
    sessions: signal<readonly DeviceSession[]>([]),
    notice: (n: Notice) => listeners.forEach((f) => f(n)),
  };
  const url = options.url ?? clientUrl(platform.origin ?? "http://localhost");
  const client = (options.client ?? createClient)({
    url, userAgent: platform.userAgent, media: "none",
    ...(platform.origin === undefined ? {} : { filesOrigin: platform.origin }),
  });
  const tracing = new Tracing(client, platform);
  const access = new Access(client, platform, words, surface);
  const home = (): Home => {
    if (access.home === undefined) {
      throw new ActError("out", words("act.line"));
    }
    return access.home;
  };
  access.begin();

  return {
    signIn: surface.signIn, branding: surface.branding, line: surface.line, me: surface.me,
    chats: surface.chats, unread: surface.unread, sessions: surface.sessions,
    groups: groupsOf(home),
    enter: (domain, name, password, remember) => access.enter(domain, name, password, remember),
    cancelEnter: () => client.cancel(),
    leave: async () => {
      await access.leave();
      tracing.forget();
    },
    revoke: (id) => client.login.deleteSession(id),
    authorize: (id) => client.login.authorize(id),
    open: (chat) => home().open(chat),
    person: (sip) => home().people.signal(sip),
    people: async (query, cursor) => searchPeople(home(), query, cursor),
    search: async (query, in_) => searchMessages(home(), query, in_),
    setMuted: (chat, on) => home().setMuted(chat, on),
    setPinned: (chat, on) => home().setPinned(chat, on),
    setPresence: (to, note) => home().setPresence(to, note),
    retryLine: () => client.retryNow(),
    file: (a, progress, stop) => home().file(a, progress, stop),
    onNotice: (f) => {
      listeners.add(f);
      return () => listeners.delete(f);
    },
    traceFlags: tracing.flags,
    setTraceFlag: (flag, on) => tracing.set(flag, on),
    setTraceTexts: (on) => tracing.setTexts(on),
    trace: () => tracing.ring.list(),
    close: async () => {
      tracing.close();
      await access.close();
    },
  };
}
