// The log's own virtual list: rows of unknown height, history that grows on both sides,
// and a place that never moves by itself. ui/VirtualList keeps rows where they were
// estimated; here the place is a row ("the top of this message stands 12 px above the
// edge"), so that whatever is learnt about heights above changes nothing that is read.
import type { ComponentChild, RefObject } from "preact";
import { Heights, windowOf } from "./heights.ts";

export interface Place {
  /** undefined: at the end, and follows it. */
  readonly key: string | undefined;
  /** Where the row's top stands, in pixels below the edge of what is seen. */
  readonly offset: number;
}

export interface ScrollerHandle {
  show(key: string, align: "center" | "start" | "near"): boolean;
  toEnd(): void;
  place(): Place;
  restore(place: Place): void;
  /** Looks again whether more is to be loaded. */
  check(): void;
  rowElement(key: string): HTMLElement | undefined;
}

export interface ScrollerProps<I extends { readonly key: string }> {
  items: readonly I[];
  render: (item: I) => ComponentChild;
  estimate: (item: I) => number;
  /** Nothing newer exists: the end may be followed. */
  complete: boolean;
  start?: Place | undefined;
  onTop: () => void;
  onBottom: () => void;
  /** After each change of what is seen: first and last row in view, and whether that is the end. */
  onView: (first: I | undefined, last: I | undefined, atEnd: boolean) => void;
  label: string;
  head?: ComponentChild;
  foot?: ComponentChild;
  handle: RefObject<ScrollerHandle | null>;
}

const over = 900; // rendered beyond what is seen, on each side
const spare = 300; // of it, when the window moves on
const near = 1600; // to the end of what is loaded, when more is asked for
const slack = 24; // to the end, and still "at the end"

export class Engine<I extends { readonly key: string }> implements ScrollerHandle {
  items: readonly I[] = [];
  start = 0;
  end = 0;
  private p: ScrollerProps<I>;
  private box: HTMLElement | null = null;
  private rows: HTMLElement | null = null;
  private heights = new Heights([]);
  private index = new Map<string, number>();
  /** Measured heights; they hold for one width. */
  private readonly known = new Map<string, number>();
  private anchor: Place;
  /** A row that is still to be brought to the middle, once its height is known. */
  private centre: string | undefined;
  private width = 0;
  private set = -1;
  private observer: ResizeObserver | undefined;
  private readonly watched = new Set<Element>();
  private readonly redraw: () => void;

  constructor(p: ScrollerProps<I>, redraw: () => void) {
    this.p = p;
    this.redraw = redraw;
    this.anchor = p.start ?? { key: undefined, offset: 0 };
  }

  /** New properties, while rendering: keeps the place among other rows. */
  take(p: ScrollerProps<I>): void {
    this.p = p;
    if (p.items !== this.items) {
      this.keepNeighbour(p.items);
      this.items = p.items;
      this.index = new Map(p.items.map((item, i) => [item.key, i]));
      this.rebuild();
    }
    this.choose();
  }

  private rebuild(): void {
    this.heights = new Heights(this.items.map((item) => this.known.get(item.key) ?? this.p.estimate(item)));
  }

  /** The row that held the place is gone (deleted, or a waiting one got its final key): its neighbour holds it. */
  private keepNeighbour(next: readonly I[]): void {
    const key = this.anchor.key;
    if (key === undefined) return;
    const now = new Set(next.map((i) => i.key));
    if (now.has(key)) return;
    const at = this.index.get(key);
    if (at === undefined) return;
    for (let i = at + 1; i < this.items.length; i++) {
      const other = this.items[i];
      if (other && now.has(other.key)) {
        this.anchor = { key: other.key, offset: this.anchor.offset + this.heights.top(i) - this.heights.top(at) };
        return;
      }
    }
  }

  private lead(): number {
    return this.rows ? (this.rows.previousElementSibling as HTMLElement).offsetTop : 0;
  }

  /** Where the scroll position belongs, by the place that is held. */
  private wanted(): number {
    const view = this.box?.clientHeight ?? 0;
    if (this.anchor.key === undefined) return Math.max(0, this.lead() + this.heights.total() - view);
    const at = this.index.get(this.anchor.key);
    if (at === undefined) return this.box?.scrollTop ?? 0;
    return Math.max(0, this.lead() + this.heights.top(at) - this.anchor.offset);
  }

  private choose(): void {
    const view = this.box?.clientHeight || 900;
    const top = this.wanted() - this.lead();
    const need = windowOf(this.heights, top, view, spare);
    if (need.start >= this.start && need.end <= this.end && this.end <= this.items.length && this.end - this.start < 400) return;
    const w = windowOf(this.heights, top, view, over);
    this.start = w.start;
    this.end = w.end;
  }

  attach(box: HTMLElement | null): (() => void) | void {
    if (!box) return;
    this.box = box;
    this.rows = box.querySelector(".log-rows");
    this.width = box.clientWidth;
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(box);
    this.settle();
    this.redraw();
    return () => this.observer?.disconnect();
  }

  private resized(): void {
    if (!this.box) return;
    if (this.box.clientWidth !== this.width) {
      this.width = this.box.clientWidth;
      this.known.clear();
      this.rebuild();
      this.redraw();
    }
    this.settle();
  }

  /** After rendering and before painting: learns heights, and puts everything in its place. */
  settle(): void {
    const { box, rows } = this;
    if (!box || !rows) return;
    this.measure(rows);
    this.pad(rows);
    if (this.centre !== undefined) this.toMiddle(this.centre);
    const to = this.anchor.key === undefined ? box.scrollHeight - box.clientHeight : Math.round(this.wanted());
    if (Math.abs(box.scrollTop - to) >= 1) box.scrollTop = to;
    this.set = box.scrollTop;
    // What fits whole, or ends in view, is at the end, wherever the place was set.
    if (this.p.complete && this.centre === undefined && this.atBottom(box)) this.anchor = { key: undefined, offset: 0 };
    const { start, end } = this;
    this.choose();
    if (start !== this.start || end !== this.end) this.redraw();
    this.view();
  }

  private atBottom(box: HTMLElement): boolean {
    return box.scrollTop + box.clientHeight >= box.scrollHeight - slack;
  }

  private measure(rows: HTMLElement): void {
    const seen = new Set<Element>();
    for (const el of rows.children) {
      seen.add(el);
      if (!this.watched.has(el)) {
        this.watched.add(el);
        this.observer?.observe(el);
      }
      const key = (el as HTMLElement).dataset.row ?? "";
      const height = el.getBoundingClientRect().height;
      if (this.known.get(key) === height) continue;
      this.known.set(key, height);
      const at = this.index.get(key);
      if (at !== undefined) this.heights.set(at, height);
    }
    for (const el of this.watched) {
      if (seen.has(el)) continue;
      this.watched.delete(el);
      this.observer?.unobserve(el);
    }
  }

  private pad(rows: HTMLElement): void {
    const before = rows.previousElementSibling as HTMLElement;
    const after = rows.nextElementSibling as HTMLElement;
    before.style.setProperty("block-size", `${this.heights.top(this.start)}px`);
    after.style.setProperty("block-size", `${this.heights.total() - this.heights.top(this.end)}px`);
  }

  /** The person has scrolled: the place is the first row that is seen now. */
  scrolled(): void {
    const box = this.box;
    if (!box || Math.abs(box.scrollTop - this.set) < 1) return;
    this.set = box.scrollTop;
    this.centre = undefined;
    const top = box.scrollTop - this.lead();
    const atEnd = this.p.complete && this.atBottom(box);
    const i = this.heights.find(Math.max(0, top));
    const item = this.items[i];
    this.anchor = atEnd || !item ? { key: undefined, offset: 0 } : { key: item.key, offset: this.heights.top(i) - top };
    const { start, end } = this;
    this.choose();
    if (start !== this.start || end !== this.end) this.redraw();
    this.view();
  }

  restore(place: Place): void {
    this.anchor = place;
    this.centre = undefined;
    this.choose();
    this.redraw();
  }

  check(): void {
    this.view();
  }

  private view(): void {
    const box = this.box;
    if (!box) return;
    const top = box.scrollTop - this.lead();
    const first = this.items[this.heights.find(Math.max(0, top))];
    const last = this.items[this.heights.find(top + box.clientHeight - slack)];
    this.p.onView(first, last, this.p.complete && this.anchor.key === undefined);
    if (top < near) this.p.onTop();
    if (this.heights.total() - top - box.clientHeight < near) this.p.onBottom();
  }

  show(key: string, align: "center" | "start" | "near"): boolean {
    const at = this.index.get(key);
    if (at === undefined || !this.box) return false;
    const top = this.lead() + this.heights.top(at) - this.box.scrollTop;
    const height = this.heights.at(at);
    const view = this.box.clientHeight;
    if (align === "near") {
      if (top >= slack && top + height <= view) return true;
      this.anchor = { key, offset: top < slack ? slack * 2 : Math.max(slack, view - height - slack) };
    } else {
      this.anchor = { key, offset: align === "start" ? 64 : Math.max(64, (view - height) / 2) };
      if (align === "center") this.centre = key;
    }
    this.choose();
    this.redraw();
    return true;
  }

  private toMiddle(key: string): void {
    const at = this.index.get(key);
    if (at === undefined || !this.box || !this.known.has(key)) return;
    this.centre = undefined;
    this.anchor = { key, offset: Math.max(64, (this.box.clientHeight - this.heights.at(at)) / 2) };
  }

  toEnd(): void {
    this.anchor = { key: undefined, offset: 0 };
    this.centre = undefined;
    this.choose();
    this.redraw();
  }

  place(): Place {
    return this.anchor;
  }

  rowElement(key: string): HTMLElement | undefined {
    for (const el of this.rows?.children ?? []) if ((el as HTMLElement).dataset.row === key) return el as HTMLElement;
    return undefined;
  }
}
