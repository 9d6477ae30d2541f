// Groups that change, and the lines of a chat's story that tell of it.
import type { Change } from "../../protocol/index.ts";
import type { ChatState } from "./chatstate.ts";
import type { Talk } from "./conversation.ts";
import { keyOf, noExt, type Entry } from "./entry.ts";
import type { Host } from "./host.ts";
import type { SystemLine } from "./types.ts";

export interface StoryDeps {
  readonly host: Host;
  each(c: ChatState, f: (t: Talk) => unknown): void;
  /** Puts a line between the messages, by its time. */
  add(c: ChatState, e: Entry): void;
  groupsChanged(): void;
}

export class Story {
  constructor(private readonly deps: StoryDeps) {}

  group(c: ChatState, g: Change & { readonly kind: "group" }): void {
    const old = c.group;
    if (g.gone) {
      c.left = true;
    } else {
      c.since = Math.max(c.since, old === undefined ? g.timestamp : 0);
      c.group = { id: g.id, title: g.dn, announce: g.announce, count: old?.count ?? 0, role: old?.role ?? "member" };
      c.left = false;
      if (old !== undefined && old.title !== g.dn && g.dn !== "") {
        this.line(c, { what: "titled", who: "", text: g.dn }, g);
      }
    }
    this.deps.host.chats.touch(c);
    this.deps.groupsChanged(); // role and number of members are not in the change
  }

  member(c: ChatState, m: Change & { readonly kind: "member" }): void {
    const { people, me } = this.deps.host;
    people.learn(m.user, m.dn);
    const before = c.roster?.get(m.user);
    if (m.gone || m.role === "banned") {
      c.roster?.delete(m.user);
      this.line(c, { what: "left", who: people.name(m.user) }, m);
    } else {
      c.roster?.set(m.user, m.role);
      if (c.roster !== undefined && before === undefined) {
        this.line(c, { what: "joined", who: people.name(m.user) }, m);
      } else if (before !== undefined && before !== m.role) {
        this.line(c, { what: "role", who: people.name(m.user), text: m.role }, m);
      }
    }
    if (m.user === me) {
      c.left = m.gone;
      c.group = c.group && { ...c.group, role: m.role };
    }
    this.deps.each(c, (t) => t.forgetMembers(m.user === me && !m.gone));
    this.deps.host.chats.touch(c);
    this.deps.groupsChanged();
  }

  private line(c: ChatState, system: SystemLine, change: Change): void {
    const key = keyOf("", undefined, change.n, false) + "s";
    if (!c.loose.some((e) => e.key === key)) {
      this.deps.add(c, {
        key, author: "", own: false, html: "", time: change.timestamp, files: [], ext: noExt, deleted: false, pinned: false, reactions: [], system,
      });
    }
  }
}
