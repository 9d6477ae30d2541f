// How often screens are told: at once while little happens, and some times a second when
// much does. Each telling costs a rendering; without this, somebody who sends hundreds of
// texts a second would leave the page no time for the person before it.

/** So many tellings in a row are at once. */
const burst = 16;
/** After them, one in so many milliseconds: rendering then takes a part of the time, not all. */
const gap = 80;

export class Pace {
  /** Tellings that are not made up for by time yet. */
  private level = 0;
  private last = 0;
  private pending = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: () => void) {}

  /** Something has changed: it is told at the end of this turn, or a moment later under load. */
  soon(): void {
    if (this.pending) {
      return;
    }
    this.pending = true;
    const now = Date.now();
    // A clock that was turned back counts as no time.
    this.level = Math.max(0, this.level - Math.max(0, now - this.last) / gap);
    this.last = now;
    const room = this.level < burst;
    this.level = Math.min(burst, this.level) + 1;
    if (room) {
      queueMicrotask(() => this.run());
    } else {
      this.timer = setTimeout(() => this.run(), gap);
    }
  }

  private run(): void {
    if (this.pending) {
      this.done();
      this.tell();
    }
  }

  /** It has been told, or nobody is there any more. */
  done(): void {
    this.pending = false;
    clearTimeout(this.timer);
  }
}
