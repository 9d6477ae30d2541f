// The bars of a voice message: computed while it is recorded, sent with it, drawn by all.

/** How many bars travel with a message. */
export const bars = 56;

/** Loudness of a piece of sound (samples from -1 to 1) as 0 to 1. */
export function level(samples: ArrayLike<number>): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
  return Math.min(1, Math.sqrt(sum / samples.length));
}

/**
 * Brings any number of levels to `count` bars: the loudest of each part, so that a clap
 * does not vanish, then scaled so that a quiet voice fills the field too. Silence stays low.
 */
export function waveOf(levels: readonly number[], count = bars): number[] {
  if (levels.length === 0) return [];
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / count));
    let most = 0;
    for (let k = from; k < to; k++) most = Math.max(most, levels[k] ?? 0);
    out.push(most);
  }
  const loudest = Math.max(...out, 0.05);
  return out.map((x) => Math.round(Math.sqrt(x / loudest) * 100) / 100);
}

/** Bars as received: only numbers, from 0 to 1, and never more than fit. */
export function shownWave(wave: readonly number[] | undefined, count = bars): number[] {
  const good = (wave ?? []).slice(0, 1000).map((x) => (Number.isFinite(x) ? Math.min(1, Math.max(0, x)) : 0));
  if (good.length === 0) return new Array<number>(count).fill(0.15);
  if (good.length === count) return good;
  return Array.from({ length: count }, (_, i) => good[Math.min(good.length - 1, Math.floor((i * good.length) / count))] ?? 0);
}

/** The bar that a share of the width points at, as a share of the time. */
export function shareAt(x: number, left: number, width: number): number {
  return width <= 0 ? 0 : Math.min(1, Math.max(0, (x - left) / width));
}

/** "0:07", "12:34", "1:02:03". The same in every language: a clock, not a number. */
export function clock(ms: number): string {
  const s = Number.isFinite(ms) && ms > 0 ? Math.floor(ms / 1000) : 0;
  const two = (n: number) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
