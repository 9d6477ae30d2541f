// Heights of the rows of a list, most of them only estimated, with sums of any beginning
// in O(log n): a Fenwick tree. Fifty thousand rows are 400 kB and build in a millisecond.

export class Heights {
  private readonly tree: Float64Array;
  private readonly each: Float64Array;
  readonly length: number;

  constructor(heights: ArrayLike<number>) {
    const n = (this.length = heights.length);
    this.each = Float64Array.from(heights);
    this.tree = new Float64Array(n + 1);
    for (let i = 1; i <= n; i++) {
      this.tree[i] = (this.tree[i] ?? 0) + (this.each[i - 1] ?? 0);
      const up = i + (i & -i);
      if (up <= n) this.tree[up] = (this.tree[up] ?? 0) + (this.tree[i] ?? 0);
    }
  }

  at(i: number): number {
    return this.each[i] ?? 0;
  }

  set(i: number, height: number): void {
    const change = height - this.at(i);
    if (change === 0 || i < 0 || i >= this.length) return;
    this.each[i] = height;
    for (let k = i + 1; k <= this.length; k += k & -k) this.tree[k] = (this.tree[k] ?? 0) + change;
  }

  /** Where row i begins: the sum of all before it. */
  top(i: number): number {
    let sum = 0;
    for (let k = Math.min(i, this.length); k > 0; k -= k & -k) sum += this.tree[k] ?? 0;
    return sum;
  }

  total(): number {
    return this.top(this.length);
  }

  /** The row that covers y; the first (last) one where y lies before (after) all. */
  find(y: number): number {
    let at = 0;
    let rest = y;
    let step = 1;
    while (step * 2 <= this.length) step *= 2;
    for (; step > 0; step >>= 1) {
      const next = at + step;
      const sum = this.tree[next] ?? 0;
      if (next <= this.length && sum <= rest) {
        at = next;
        rest -= sum;
      }
    }
    return Math.max(0, Math.min(at, this.length - 1));
  }
}

/** Rows to render: what is seen, and `over` pixels before and after it. */
export function windowOf(h: Heights, scrollTop: number, height: number, over: number): { start: number; end: number } {
  if (h.length === 0) return { start: 0, end: 0 };
  const start = h.find(Math.max(0, scrollTop - over));
  const end = h.find(scrollTop + height + over) + 1;
  return { start, end };
}
