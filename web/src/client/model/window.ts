// A window over a history: a part without gaps, in the order of the numbers, of which it
// knows whether anything lies before or behind. It never holds more than `max` items; what
// is dropped is at the end that the reader goes away from, and can be loaded again.

export interface Numbered {
  readonly id: number;
}

export class Window<T extends Numbered> {
  private items: T[] = [];
  atStart = false;
  atEnd = false;

  constructor(private readonly max: number) {}

  get list(): readonly T[] {
    return this.items;
  }

  get first(): T | undefined {
    return this.items[0];
  }

  get last(): T | undefined {
    return this.items[this.items.length - 1];
  }

  /** Begins anew with one part of the history, in any order. */
  reset(part: readonly T[], atStart: boolean, atEnd: boolean): void {
    this.items = unique(part);
    this.atStart = atStart;
    this.atEnd = atEnd;
    this.dropOldest();
  }

  /** Takes the page right before the first item. The newest ones go when there are too many. */
  before(page: readonly T[], atStart: boolean): void {
    const first = this.first;
    const older = unique(page).filter((x) => first === undefined || x.id < first.id);
    this.items = older.concat(this.items);
    this.atStart = atStart;
    if (this.items.length > this.max) {
      this.items.length = this.max;
      this.atEnd = false;
    }
  }

  /** Takes the page right behind the last item. The oldest ones go when there are too many. */
  behind(page: readonly T[], atEnd: boolean): void {
    const last = this.last;
    const newer = unique(page).filter((x) => last === undefined || x.id > last.id);
    this.items = this.items.concat(newer);
    this.atEnd = atEnd;
    this.dropOldest();
  }

  /** Takes an item as it was just written or changed. False if it is not of this part. */
  put(item: T): boolean {
    const i = this.place(item.id);
    if (this.items[i]?.id === item.id) {
      this.items[i] = item;
      return true;
    }
    if ((i === this.items.length && !this.atEnd) || (i === 0 && this.items.length > 0 && !this.atStart)) {
      return false;
    }
    this.items.splice(i, 0, item);
    this.dropOldest();
    return true;
  }

  get(id: number): T | undefined {
    const item = this.items[this.place(id)];
    return item?.id === id ? item : undefined;
  }

  remove(id: number): boolean {
    const i = this.place(id);
    if (this.items[i]?.id !== id) {
      return false;
    }
    this.items.splice(i, 1);
    return true;
  }

  private dropOldest(): void {
    if (this.items.length > this.max) {
      this.items.splice(0, this.items.length - this.max);
      this.atStart = false;
    }
  }

  /** The first place whose number is not below `id`. */
  private place(id: number): number {
    let lo = 0;
    let hi = this.items.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if ((this.items[mid] as T).id < id) {
        lo = mid + 1;
      } else {
        hi = mid;
      }
    }
    return lo;
  }
}

function unique<T extends Numbered>(items: readonly T[]): T[] {
  const sorted = [...items].sort((a, b) => a.id - b.id);
  return sorted.filter((x, i) => i === 0 || x.id !== sorted[i - 1]?.id);
}
