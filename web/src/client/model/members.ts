// Members of a group: read as a whole, kept for a moment, handed out page by page.
import type { MemberEntry } from "../../protocol/index.ts";
import type { ChatState } from "./chatstate.ts";
import type { Host } from "./host.ts";
import { fold } from "./text.ts";
import type { Member, Person } from "./types.ts";

const pageSize = 100;
const keepFor = 30_000;
/** Browsers take no longer ones. */
const longestTimer = 2 ** 31 - 1;
const rank = new Map([["owner", 0], ["admin", 1], ["member", 2]]);

export class MemberList {
  private read: Promise<readonly MemberEntry[]> | undefined;
  private time = 0;
  private ending: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly chat: ChatState,
    private readonly host: Host,
  ) {}

  async page(query: string, cursor?: string): Promise<{ members: readonly Member[]; next?: string }> {
    if (!this.chat.isGroup) {
      return { members: [] };
    }
    const all = await this.all();
    const want = fold(query.trim());
    const found = all.filter((m) => m.role !== "banned" && (want === "" || fold(`${m.dn} ${m.sip}`).includes(want)));
    const from = Math.max(0, Number.parseInt(cursor ?? "0", 10) || 0);
    const members = found.slice(from, from + pageSize).map((m) => this.member(m));
    return from + pageSize < found.length ? { members, next: String(from + pageSize) } : { members };
  }

  /** Who was banned; told to those alone who may lift it. */
  async banned(): Promise<readonly Person[]> {
    const all = this.chat.isGroup ? await this.all() : [];
    return all.filter((m) => m.role === "banned").map((m) => this.host.people.get(m.sip));
  }

  private all(): Promise<readonly MemberEntry[]> {
    const now = this.host.platform.now();
    if (this.read === undefined || now - this.time > keepFor) {
      this.time = now;
      this.read = this.host.client.messages.readMembers(this.chat.name).then((members) => {
        members.forEach((m) => this.host.people.learn(m.sip, m.dn));
        this.chat.roster = new Map(members.filter((m) => m.role !== "banned").map((m) => [m.sip, m.role]));
        this.hear(members.find((m) => m.sip === this.host.me)?.mute ?? 0);
        return [...members].sort((a, b) => (rank.get(a.role) ?? 3) - (rank.get(b.role) ?? 3) || a.dn.localeCompare(b.dn));
      });
      this.read.catch(() => this.forget());
    }
    return this.read;
  }

  private member(m: MemberEntry): Member {
    return {
      person: this.host.people.get(m.sip), role: m.role === "banned" ? "member" : m.role,
      muted: m.mute !== undefined && m.mute > this.host.platform.now(), own: m.sip === this.host.me,
    };
  }

  /** Until when one may not write oneself. */
  private hear(until: number): void {
    const left = until - this.host.platform.now();
    clearTimeout(this.ending);
    if (left > 0) {
      this.ending = setTimeout(() => this.hear(until), Math.min(left, longestTimer));
    }
    if (this.chat.silenced !== left > 0) {
      this.chat.silenced = left > 0;
      this.host.chats.touch(this.chat);
    }
  }

  forget(): void {
    this.read = undefined;
  }

  /** Something about oneself has changed: who may not write is told with the members alone. */
  again(): void {
    this.forget();
    if (this.chat.isGroup) {
      this.all().catch(() => undefined); // told when the member list is read the next time
    }
  }

  close(): void {
    clearTimeout(this.ending);
  }
}
