/** A token bucket. Each connection has its own, of two numbers, so there is no map to bound. */
export class Bucket {
  #tokens: number;
  #at: number;

  /** @param burst how many tokens it holds at first. @param now milliseconds */
  constructor(burst: number, now: number) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** @returns 0 when a token was taken, else the milliseconds until there is one */
  take(now: number, perSecond: number, burst: number): number {
    const wait = this.wait(now, perSecond, burst);
    if (wait === 0) this.#tokens -= 1;
    return wait;
  }

  /** @returns 0 when there is a token, else the milliseconds until there is one */
  wait(now: number, perSecond: number, burst: number): number {
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * perSecond) / 1000);
    this.#at = now;
    return this.#tokens < 1 ? Math.ceil(((1 - this.#tokens) * 1000) / perSecond) : 0;
  }
}
