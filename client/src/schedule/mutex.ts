/** Runs jobs one after the other: whoever changes a room's cryptographic state does it in its turn. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** @returns what the job returns, once all earlier jobs have ended; a failed job doesn't stop later ones. */
  take<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(job, job);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Lets callers wait until something about an object that changes has become true. */
export class Condition {
  readonly #checks = new Set<() => void>();

  /** Runs `check` behind every change. @returns what ends it. */
  always(check: () => void): () => void {
    this.#checks.add(check);
    return () => {
      this.#checks.delete(check);
    };
  }

  /** To be called behind every change. */
  changed(): void {
    for (const check of [...this.#checks]) check();
  }

  /**
   * @param probe gives undefined for "not yet"; what it throws ends the wait.
   * @param waitMs after so long the wait ends with undefined.
   */
  until<T>(probe: () => T | undefined, waitMs: number): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#checks.delete(check);
        settle();
      };
      const check = () => {
        try {
          const value = probe();
          if (value !== undefined) end(() => resolve(value));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const timer = setTimeout(() => end(() => resolve(undefined)), waitMs);
      this.#checks.add(check);
      check();
    });
  }
}

const LONGEST_MS = 2 ** 31 - 1;

/** Timers that end together. */
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
    // The platform's timers take a longer wait, which a server may ask for, for none at all.
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
