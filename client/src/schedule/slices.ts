import { nextTurn } from './next-turn.ts';

/** How long work keeps the platform from drawing, from input and from other connections. */
const SLICE_MS = 8;

/** Divides long work into slices. */
export class Slices {
  readonly #now: () => number;
  #since: number;

  /** @param now a clock in milliseconds that never runs backwards */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** Call it often. @returns a promise to await when the slice is over, in which the platform has a turn */
  over(): Promise<void> | undefined {
    if (this.#now() - this.#since < SLICE_MS) return undefined;
    return nextTurn().then(() => {
      this.#since = this.#now();
    });
  }
}
