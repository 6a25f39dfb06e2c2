import type { Timers } from './timers.ts';

/** Runs a job at once, and then again at most every so often, as long as there is something to do. */
export class Throttle {
  readonly #timers: Timers;
  readonly #ms: number;
  readonly #job: () => boolean;
  #resting = false;

  /** @param job says whether there was something to do. */
  constructor(timers: Timers, ms: number, job: () => boolean) {
    this.#timers = timers;
    this.#ms = ms;
    this.#job = job;
  }

  nudge(): void {
    if (this.#resting || !this.#job()) return;
    this.#resting = true;
    this.#timers.after(this.#ms, () => {
      this.#resting = false;
      this.nudge();
    });
  }
}
