/** A token bucket: `burst` at once, refilled by `perSecond`. Two numbers a connection, so that no map has to be bounded. */
export class Bucket {
  #tokens: number;
  #at: number;

  constructor(burst: number, now: number) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** @returns 0 when a token was taken, else in how many milliseconds there will be one. */
  take(now: number, perSecond: number, burst: number): number {
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * perSecond) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond);
    this.#tokens -= 1;
    return 0;
  }
}
