import type { Clock } from './clock.ts';

export interface BackOffOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** @returns a number from 0 up to 1. */
  readonly random: () => number;
  readonly firstMs?: number;
  readonly longestMs?: number;
  /** Who held out for so long begins anew. */
  readonly stableMs?: number;
}

/** How long to wait between attempts: twice as long each time, spread at random so that not all come back at once. */
export class BackOff {
  readonly #options: Required<BackOffOptions>;
  #attempt = 0;
  #succeededAt: number | undefined;

  constructor(options: BackOffOptions) {
    this.#options = { firstMs: 250, longestMs: 30_000, stableMs: 10_000, ...options };
  }

  /** @param notBeforeMs what the server asked for; the spread comes on top. */
  next(notBeforeMs = 0): number {
    const { clock, random, firstMs, longestMs, stableMs } = this.#options;
    if (this.#succeededAt !== undefined && clock.now() - this.#succeededAt >= stableMs) this.#attempt = 0;
    this.#succeededAt = undefined;
    const spread = Math.min(longestMs, firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return notBeforeMs + spread * (0.5 + random() / 2);
  }

  /** The attempt succeeded. Only when it lasts does the next failure count as the first. */
  succeeded(): void {
    this.#succeededAt = this.#options.clock.now();
  }
}
