import { startTimer } from './timer.ts';

/** Lets callers wait until something about an object that changes has become true. */
export class Condition {
  readonly #checks = new Set<() => void>();

  /** Runs `check` after every change. @returns a function that ends this. */
  always(check: () => void): () => void {
    this.#checks.add(check);
    return () => {
      this.#checks.delete(check);
    };
  }

  /** To be called after every change. */
  changed(): void {
    for (const check of [...this.#checks]) check();
  }

  /**
   * As {@link until}, but the wait begins again whenever `mark` has changed.
   * @param silentMs the wait resolves with undefined when `mark` has not changed for so long.
   */
  async untilSilent<T>(
    probe: () => T | undefined,
    mark: () => unknown,
    silentMs: number,
  ): Promise<T | undefined> {
    for (;;) {
      const before = mark();
      const value = await this.until(() => {
        const found = probe();
        if (found !== undefined) return { found };
        return mark() === before ? undefined : { found };
      }, silentMs);
      if (value === undefined || value.found !== undefined) return value?.found;
    }
  }

  /**
   * @param probe returns undefined for "not yet"; an error that it throws ends the wait.
   * @param waitMs the wait resolves with undefined after this time.
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
      const timer = startTimer(waitMs, () => end(() => resolve(undefined)));
      this.#checks.add(check);
      check();
    });
  }
}
