// Months as rows of days, in the reader's week and time zone.

export interface Day {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  readonly day: number;
}

export const keyOf = (d: Day): string => `${d.year}-${String(d.month + 1).padStart(2, "0")}-${String(d.day).padStart(2, "0")}`;

/** The weeks of a month; days of its neighbours are undefined. `start`: 1 Monday to 7 Sunday. */
export function monthOf(year: number, month: number, start: number): (Day | undefined)[][] {
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const first = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 7 - (start % 7)) % 7;
  const cells: (Day | undefined)[] = new Array<undefined>(first).fill(undefined);
  for (let day = 1; day <= days; day++) cells.push({ year, month, day });
  while (cells.length % 7 !== 0) cells.push(undefined);
  return Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(i * 7, i * 7 + 7));
}

/** Moves by days; months and years follow. */
export function plusDays(d: Day, n: number): Day {
  const x = new Date(Date.UTC(d.year, d.month, d.day + n));
  return { year: x.getUTCFullYear(), month: x.getUTCMonth(), day: x.getUTCDate() };
}

/** Moves by months; the 31st becomes the last day of a shorter one. */
export function plusMonths(d: Day, n: number): Day {
  const days = new Date(Date.UTC(d.year, d.month + n + 1, 0)).getUTCDate();
  const x = new Date(Date.UTC(d.year, d.month + n, 1));
  return { year: x.getUTCFullYear(), month: x.getUTCMonth(), day: Math.min(d.day, days) };
}

export function dayFrom(key: string): Day {
  const [year, month, day] = key.split("-").map(Number);
  return { year: year ?? 1970, month: (month ?? 1) - 1, day: day ?? 1 };
}

/**
 * When a day begins in a zone that names days with dayKey: searched, since zones change
 * their clocks. Within a minute.
 */
export function startOfDay(d: Day, dayKey: (time: number) => string): number {
  const key = keyOf(d);
  let low = Date.UTC(d.year, d.month, d.day) - 16 * 3_600_000;
  let high = low + 32 * 3_600_000;
  while (high - low > 60_000) {
    const mid = Math.floor((low + high) / 120_000) * 60_000;
    if (mid <= low || mid >= high) break;
    if (dayKey(mid) < key) low = mid;
    else high = mid;
  }
  return high;
}
