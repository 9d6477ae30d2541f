// Messages as the screens see them. A view is made anew only when something that it shows
// has changed, so that a row that is the same object need not be painted again.
import { deliveryOf, isVoice, typeByName, type ChatState } from "./chatstate.ts";
import type { Entry } from "./entry.ts";
import { thumbOf, type Files } from "./files.ts";
import { optional } from "./item.ts";
import type { Outbox } from "./outbox.ts";
import type { People } from "./people.ts";
import type { StoredItem } from "./store.ts";
import { shownName } from "./text.ts";
import type { Attachment, Message, Person, Quote } from "./types.ts";

export interface ViewContext {
  readonly me: string;
  readonly people: People;
  readonly files: Files;
  readonly outbox: Outbox;
  quote(id: number): Quote | undefined;
}

interface Kept {
  readonly inputs: readonly unknown[];
  readonly message: Message;
}

export class Views {
  private kept = new Map<string, Kept>();
  private next = new Map<string, Kept>();
  private readonly authors = new Map<string, Person>();

  constructor(
    private readonly chat: ChatState,
    private readonly x: ViewContext,
  ) {}

  /** Makes all views of one list; those that are not in it are forgotten. */
  all(make: () => Message[]): readonly Message[] {
    this.next = new Map();
    const list = make();
    this.kept = this.next;
    return list;
  }

  entry(e: Entry): Message {
    const state = e.own && !e.deleted && e.system === undefined ? deliveryOf(this.chat, e) : undefined;
    const readBy = state !== undefined && e.id !== undefined && this.chat.isGroup ? this.readers(e.id) : undefined;
    const quote = e.reply === undefined ? undefined : this.x.quote(e.reply);
    const thumbs = e.files.map((f) => this.thumb(e, f));
    const author = this.author(e.author);
    const names = e.reactions.flatMap((r) => r.sips.map((s) => this.x.people.name(s)));
    return this.same(e.key, [e, state, readBy, quote, author, ...thumbs, ...names], () => ({
      ...this.plain(e, author),
      attached: e.files.map((f, i) => this.attachment(e, f, thumbs[i])),
      reactions: e.reactions.map((r) => ({ emoji: r.emoji, count: r.count, own: r.own, people: r.sips.map((s) => this.x.people.name(s)) })),
      ...optional("state", state), ...optional("readBy", readBy), ...optional("quote", quote),
    }));
  }

  private plain(e: Entry, author: Person): Omit<Message, "attached" | "reactions"> {
    return {
      key: e.key, author, own: e.own, html: e.html, time: e.time, uploads: [], deleted: e.deleted, pinned: e.pinned,
      mentioned: !e.own && e.ext.mentions.includes(this.x.me),
      ...optional("id", e.id), ...optional("edited", e.edited), ...optional("expires", e.expires),
      ...optional("forwarded", e.ext.forwarded === undefined ? undefined : shownName(e.ext.forwarded, "?")),
      ...optional("system", e.system),
    };
  }

  /** A message that is still here. */
  item(item: StoredItem): Message {
    const uploads = item.files.map((f) => this.x.outbox.uploads.view(item, f));
    const broken = uploads.find((u) => u.state === "failed");
    const error = item.error ?? broken?.error;
    const quote = item.reply === undefined ? undefined : this.x.quote(item.reply);
    const author = this.author(this.x.me);
    const moving = uploads.flatMap((u) => [u.state, u.done, u.speed, u.preview]);
    return this.same(item.key, [item.html, item.state, error, quote, author, uploads.length, ...moving], () => ({
      key: item.key, author, own: true, html: item.html, time: item.time, attached: [], uploads, reactions: [],
      deleted: false, pinned: false, mentioned: false, state: item.state === "failed" || broken !== undefined ? "failed" : "waiting",
      ...optional("error", error), ...optional("quote", quote), ...optional("forwarded", item.forwarded),
    }));
  }

  private same(key: string, inputs: readonly unknown[], make: () => Message): Message {
    const old = this.kept.get(key);
    const kept = old !== undefined && equal(old.inputs, inputs) ? old : { inputs, message: make() };
    this.next.set(key, kept);
    return kept.message;
  }

  /** Without the presence, which changes often and is read from Model.person. */
  private author(sip: string): Person {
    const now = this.x.people.get(sip);
    const old = this.authors.get(sip);
    if (old !== undefined && old.dn === now.dn) {
      return old;
    }
    this.authors.set(sip, now);
    return now;
  }

  private readers(id: number): number {
    let n = 0;
    for (const [sip, mark] of this.chat.marks) {
      n += sip !== this.x.me && mark.read >= id ? 1 : 0;
    }
    return Math.max(n, id <= this.chat.peerRead ? 1 : 0);
  }

  private thumb(e: Entry, f: Entry["files"][number]): string | undefined {
    this.x.files.origin(f, e.id);
    // What has just been sent from here is shown as it is: nothing flickers.
    const mine = e.own ? this.x.outbox.uploads.previewNamed(e.key, f.name) : undefined;
    return mine ?? (f.thumb ? thumbOf(f.url) : undefined);
  }

  private attachment(e: Entry, f: Entry["files"][number], thumb: string | undefined): Attachment {
    // A container may be told as a video although only a voice is in it; the sender knows.
    const told = f.type !== undefined && f.type !== "" ? f.type : typeByName(f.name);
    const voice = told.startsWith("audio/") || isVoice(e);
    const type = voice && !told.startsWith("audio/") ? "audio/webm" : told;
    return {
      url: f.url, name: shownName(f.name, "file"), type,
      ...optional("size", f.size), ...optional("width", f.width), ...optional("height", f.height),
      ...optional("duration", f.duration ?? (voice ? e.ext.duration : undefined)), ...optional("thumb", thumb),
      ...optional("wave", voice ? e.ext.wave : undefined),
    };
  }
}

function equal(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
}
