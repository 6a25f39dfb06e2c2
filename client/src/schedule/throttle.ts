import type { Timers } from './timers.ts';

/** Runs a job at once, then at most once per interval while there is work. */
export class Throttle {
  readonly #timers: Timers;
  readonly #ms: number;
  readonly #job: () => boolean;
  #resting = false;

  /** @param job returns whether there was work. */
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
