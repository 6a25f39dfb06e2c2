import type { Clock } from './clock.ts';

export interface BackOffOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** @returns a number from 0 up to 1. */
  readonly random: () => number;
  readonly firstMs?: number;
  readonly longestMs?: number;
  /** After a connection that lasted this long the back-off starts again. */
  readonly stableMs?: number;
}

/** The wait between attempts: it doubles each time, with random jitter. */
export class BackOff {
  readonly #options: Required<BackOffOptions>;
  #attempt = 0;
  #succeededAt: number | undefined;

  constructor(options: BackOffOptions) {
    this.#options = { firstMs: 250, longestMs: 30_000, stableMs: 10_000, ...options };
  }

  /** @param notBeforeMs the server's minimum; the jitter is added to it. */
  next(notBeforeMs = 0): number {
    const { clock, random, firstMs, longestMs, stableMs } = this.#options;
    if (this.#succeededAt !== undefined && clock.now() - this.#succeededAt >= stableMs) this.#attempt = 0;
    this.#succeededAt = undefined;
    const spread = Math.min(longestMs, firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return notBeforeMs + spread * (0.5 + random() / 2);
  }

  /** The next failure counts as the first. */
  reset(): void {
    this.#attempt = 0;
  }

  /** The attempt succeeded. If the connection lasts, the next failure counts as the first. */
  succeeded(): void {
    this.#succeededAt = this.#options.clock.now();
  }
}
