// What the person should learn of although no screen shows it. Of several tabs one tells:
// the one that leads; and none while some tab shows the chat to somebody.
import type { ChatState } from "./chatstate.ts";
import type { Entry } from "./entry.ts";
import type { Platform } from "./platform.ts";
import type { TabMessage } from "./tabs.ts";
import { plain } from "./text.ts";
import type { ChatName, Notice, Presence } from "./types.ts";

/** Older news of a sync is history, not news. */
const freshFor = 2 * 60_000;
/** A tab that does not repeat it is gone. */
const lookingFor = 15_000;

export interface NoticeDeps {
  readonly platform: Platform;
  leading(): boolean;
  presence(): Presence;
  muted(chat: string): boolean;
  /** Chats that are open in this tab. */
  open(): Iterable<string>;
  title(c: ChatState): string;
  name(sip: string): string;
  tell(m: TabMessage): void;
}

export class Notices {
  private readonly others = new Map<string, { chat: string | undefined; time: number }>();
  private readonly tab: string;
  private timer: ReturnType<typeof setInterval>;
  private told: string | undefined;

  constructor(
    private readonly deps: NoticeDeps,
    private readonly emit: (n: Notice) => void,
  ) {
    this.tab = deps.platform.random(8);
    this.timer = setInterval(() => this.look(true), lookingFor / 3);
  }

  /** Says to the other tabs what is looked at here, when it has changed. */
  look(again = false): void {
    const chat = this.lookingAt();
    if (chat !== this.told || (again && chat !== undefined)) {
      this.told = chat;
      this.deps.tell({ t: "looking", tab: this.tab, ...(chat === undefined ? {} : { chat }) });
    }
  }

  private lookingAt(): ChatName | undefined {
    if (!this.deps.platform.visible()) {
      return undefined;
    }
    const [chat] = this.deps.open();
    return chat;
  }

  heard(m: TabMessage & { readonly t: "looking" }): void {
    this.others.set(m.tab, { chat: m.chat, time: this.deps.platform.now() });
  }

  /** A message of somebody has come. */
  message(c: ChatState, e: Entry, mention: boolean): void {
    const now = this.deps.platform.now();
    if (e.own || e.deleted || e.hidden === true || e.system !== undefined || now - e.time > freshFor) {
      return;
    }
    if (!this.deps.leading() || this.deps.presence() === "dnd" || (this.deps.muted(c.name) && !mention) || this.seen(c.name, now)) {
      return;
    }
    this.emit({
      kind: "message", chat: c.name, title: this.deps.title(c), author: this.deps.name(e.author), mention,
      text: plain(e.html) || (e.files[0]?.name ?? ""),
    });
  }

  private seen(chat: ChatName, now: number): boolean {
    if (this.lookingAt() === chat) {
      return true;
    }
    return [...this.others.values()].some((o) => o.chat === chat && now - o.time < lookingFor);
  }

  close(): void {
    clearInterval(this.timer);
    this.deps.tell({ t: "looking", tab: this.tab });
  }
}
