// Which of several tabs sends. Exactly one may: with Web Locks where the browser has them
// (they end with the tab by themselves), else by a lease in the database that is renewed
// while the tab lives. Should a tab be frozen longer than its lease, two may send the same
// message; the switch then sees the same id twice and delivers it once.
import type { Platform } from "./platform.ts";
import type { Store } from "./store.ts";

const renewEvery = 2000;
const leaseTime = 6000;

export class Leader {
  leading = false;
  private wanted = false;
  private stop: () => void = () => undefined;

  constructor(
    private readonly platform: Platform,
    private readonly store: Store,
    private readonly name: string,
    private readonly changed: () => void,
  ) {}

  /** A tab asks only while its line is up, so that one without line never holds the others up. */
  want(on: boolean): void {
    if (on === this.wanted) {
      return;
    }
    this.wanted = on;
    if (!on) {
      this.stop();
      this.set(false);
    } else if (!this.store.durable) {
      this.set(true); // nothing is shared with other tabs
      this.stop = () => undefined;
    } else {
      this.stop = this.platform.locks === undefined ? this.byLease() : this.byLock(this.platform.locks);
    }
  }

  private set(on: boolean): void {
    if (on !== this.leading) {
      this.leading = on;
      this.changed();
    }
  }

  private byLock(locks: NonNullable<Platform["locks"]>): () => void {
    const waiting = new AbortController();
    let release: () => void = () => undefined;
    let ended = false;
    const hold = (): Promise<void> => {
      if (ended) {
        return Promise.resolve();
      }
      this.set(true);
      return new Promise((resolve) => (release = resolve));
    };
    void locks.request(this.name, { signal: waiting.signal }, hold).catch(() => undefined);
    return () => {
      ended = true;
      waiting.abort();
      release();
    };
  }

  private byLease(): () => void {
    const owner = this.platform.random(8);
    let ended = false;
    const renew = async (): Promise<void> => {
      const now = this.platform.now();
      const got = await this.store.lease(owner, now, now + leaseTime).catch(() => false);
      if (!ended) {
        this.set(got);
      } else if (got) {
        await this.store.unlease(owner).catch(() => undefined);
      }
    };
    void renew();
    const timer = setInterval(() => void renew(), renewEvery);
    return () => {
      ended = true;
      clearInterval(timer);
      void this.store.unlease(owner).catch(() => undefined);
    };
  }
}
