// Posts in topics (internal/messages/service/PROTOCOL.md, "Posts and topics").
import { bool, type Frame, id, num, str, text } from "./decode.ts";
import { guarded } from "./emitter.ts";
import { lineError } from "./errors.ts";
import type { Ask } from "./requests.ts";
import type { Post, PostFilter, PostList, Posts, Topic } from "./types.ts";

/** What posts need of PbxMessages. */
export interface PostSource {
  ask(frame: Frame, ask?: Ask): Promise<Frame>;
  fault(reason: string): void;
}

/** The service keeps so many filters of a session, and more. */
const maxLists = 64;

class List implements PostList {
  ready: Promise<void> = Promise.resolve();
  stopped = false;

  constructor(
    readonly src: string,
    private readonly request: Frame,
    private readonly source: PostSource,
    private readonly tell: (p: Post) => void,
    readonly stop: () => void,
  ) {}

  /** There is a session: asks. */
  open(): void {
    this.ready = this.ask(this.request);
    this.ready.catch(() => undefined); // asked again with the next session
  }

  more(before: { readonly timestamp: number; readonly id: number }, count?: number): Promise<void> {
    return this.ask({ mt: "GetMore", timestamp: before.timestamp, id: before.id, read: true, ...(count && { count }) });
  }

  private async ask(frame: Frame): Promise<void> {
    await this.source.ask(frame, { src: this.src, each: (f) => this.take(f) });
  }

  take(frame: Frame): void {
    if (this.stopped) return;
    const p = frame.mt === "Add" ? postFrom(frame) : undefined;
    if (p) guarded(() => this.tell(p));
    else this.source.fault("bad-post");
  }
}

export class PostsPart implements Posts {
  private readonly lists = new Map<string, List>();
  private last = 0;
  private up = false;

  constructor(private readonly source: PostSource) {}

  /** There is a session: all lists begin again. */
  open(): void {
    this.up = true;
    for (const l of this.lists.values()) l.open();
  }

  lost(): void {
    this.up = false;
  }

  /** Takes a live Add; false if it is of no list. Of one that was stopped it is of no use: the service knows no end of lists. */
  take(frame: Frame): boolean {
    const src = str(frame.src, 16);
    if (frame.mt !== "Add" || !/^f[0-9]+$/.test(src)) return false;
    this.lists.get(src)?.take(frame);
    return true;
  }

  filter(f: PostFilter, each: (p: Post) => void, how: Parameters<Posts["filter"]>[2] = {}): PostList {
    const { discussion, ...rest } = how;
    return this.list({ mt: "SetFilter", filter: f, ...rest, ...(discussion && { addsTo: discussion }) }, each);
  }

  discussion(id: number, each: (p: Post) => void, count?: number): PostList {
    return this.list({ mt: "Discussion", discussion: id, ...(count && { count }) }, each);
  }

  private list(request: Frame, each: (p: Post) => void): PostList {
    if (this.lists.size >= maxLists) throw lineError("busy", "There are too many lists of posts.");
    const src = "f" + ++this.last;
    const l: List = new List(src, request, this.source, each, () => {
      l.stopped = true;
      this.lists.delete(src);
    });
    this.lists.set(src, l);
    if (this.up) l.open();
    return l;
  }

  async post(p: Parameters<Posts["post"]>[0]): Promise<{ readonly id: number; readonly discussion: number; readonly timestamp: number }> {
    const { silent, attach, ...rest } = p;
    const r = await this.source.ask({
      mt: "Post", ...rest, ...(attach?.length && { attach: attach.map(encodeURIComponent).join(" ") }), ...(silent instanceof List && { filterSrc: silent.src }),
    });
    const made = id(r["id"]);
    if (made === undefined) throw lineError("malformed", "The answer of the service cannot be read.");
    return { id: made, discussion: id(r["addsTo"]) ?? made, timestamp: num(r["timestamp"]) ?? 0 };
  }

  async like(post: number, on: boolean): Promise<void> {
    await this.source.ask({ mt: "Like", id: post, ...(on && { on }) });
  }

  async readTopics(): Promise<readonly Topic[]> {
    const topics: Topic[] = [];
    const each = (f: Frame): void => {
      const [n, sip] = [id(f["id"]), str(f["sip"], 512)];
      if (f.mt !== "Topic" || n === undefined || !sip) this.source.fault("bad-indication");
      else topics.push({ id: n, sip, dn: str(f["dn"], 1024) || sip });
    };
    await this.source.ask({ mt: "ReadTopics" }, { each });
    return topics;
  }

  async writeTopic(sip: string, dn: string): Promise<number> {
    return id((await this.source.ask({ mt: "WriteTopic", sip, dn }))["id"]) ?? 0;
  }

  async deleteTopic(topic: number): Promise<void> {
    await this.source.ask({ mt: "WriteTopic", id: topic });
  }
}

function postFrom(f: Frame): Post | undefined {
  const [n, author, topic] = [id(f["id"]), str(f["author"], 255), str(f["topic"], 512)];
  if (n === undefined || !author || !topic) return undefined;
  const [repliesTo, newest, read, unread, name] = [id(f["repliesTo"]), id(f["rtimestamp"]), id(f["read"]), num(f["unread"]), text(f["dn"], 1024)];
  return {
    id: n, discussion: id(f["addsTo"]) ?? n, author, topic, text: str(f["text"]), timestamp: num(f["timestamp"]) ?? 0,
    replies: num(f["replies"]) ?? 0, likes: num(f["likes"]) ?? 0, liked: bool(f["like"]),
    ...(repliesTo && { repliesTo }), ...(newest && { newest }), ...(read && { read }), ...(unread !== undefined && { unread }), ...(name && { authorName: name }),
  };
}
