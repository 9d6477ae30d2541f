// A list that stays in order: one changed row is found and moved by halving, never by
// sorting all again. The client's chat list of thousands stands on it.

export class Sorted<T> {
  private items: T[] = [];

  /** `order` must tell any two items apart, or they count as the same place. */
  constructor(private readonly order: (a: T, b: T) => number) {}

  get list(): readonly T[] {
    return this.items;
  }

  /** Takes all items at once: the one time that everything is sorted. */
  reset(items: Iterable<T>): void {
    this.items = [...items].sort(this.order);
  }

  /** Puts `next` in, in the place of `old` where that was in the list. */
  replace(old: T | undefined, next: T | undefined): void {
    const from = old === undefined ? -1 : this.find(old);
    if (from >= 0 && next !== undefined && this.fits(from, next)) {
      this.items[from] = next;
      return;
    }
    if (from >= 0) {
      this.items.splice(from, 1);
    }
    if (next !== undefined) {
      this.items.splice(this.place(next), 0, next);
    }
  }

  private fits(i: number, next: T): boolean {
    const before = this.items[i - 1];
    const after = this.items[i + 1];
    return (before === undefined || this.order(before, next) <= 0) && (after === undefined || this.order(next, after) <= 0);
  }

  private find(item: T): number {
    const i = this.place(item);
    return this.items[i] === item ? i : -1;
  }

  /** The first place whose item is not before `item`. */
  private place(item: T): number {
    let lo = 0;
    let hi = this.items.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.order(this.items[mid] as T, item) < 0) {
        lo = mid + 1;
      } else {
        hi = mid;
      }
    }
    return lo;
  }
}
