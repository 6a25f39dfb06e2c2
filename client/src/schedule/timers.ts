import { startTimer } from './timer.ts';

/** Timers that are cleared together. */
export class Timers {
  readonly #running = new Map<NodeJS.Timeout, () => void>();

  /** Runs `job` after `ms`, unless all is cleared before. @returns a function that clears it alone */
  after(ms: number, job: () => void): () => void {
    return this.#start(ms, job, () => undefined);
  }

  /** Resolves after `ms`, or at once when all is cleared. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#start(ms, resolve, resolve);
    });
  }

  clear(): void {
    for (const [timer, cleared] of this.#running) {
      clearTimeout(timer);
      cleared();
    }
    this.#running.clear();
  }

  #start(ms: number, job: () => void, cleared: () => void): () => void {
    // A server may ask for a wait of any length. The platform drops fractions, and may be a millisecond early by the clock: whoever
    // compares with it would wait for a timer that doesn't come again.
    const timer = startTimer(ms > 0 ? Math.ceil(ms) + 1 : 0, () => {
      this.#running.delete(timer);
      job();
    });
    this.#running.set(timer, cleared);
    return () => {
      clearTimeout(timer);
      this.#running.delete(timer);
    };
  }
}
