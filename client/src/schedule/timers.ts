const LONGEST_MS = 2 ** 31 - 1;

/** Timers that are cleared together. */
export class Timers {
  readonly #running = new Map<NodeJS.Timeout, () => void>();

  /** Runs `job` after `ms`, unless all is cleared before. */
  after(ms: number, job: () => void): void {
    this.#start(ms, job, () => undefined);
  }

  /** Resolves after `ms`, or at once when all is cleared. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#start(ms, resolve, resolve));
  }

  clear(): void {
    for (const [timer, cleared] of this.#running) {
      clearTimeout(timer);
      cleared();
    }
    this.#running.clear();
  }

  #start(ms: number, job: () => void, cleared: () => void): void {
    // The platform's timers fire at once for a longer wait, which a server may ask for.
    const timer = setTimeout(
      () => {
        this.#running.delete(timer);
        job();
      },
      Math.min(ms, LONGEST_MS),
    );
    this.#running.set(timer, cleared);
  }
}
