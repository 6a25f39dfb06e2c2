/** Runs tasks once at the end of the event loop's current tick, however often they were added. */
export class EndOfTick {
  #first = new Set<() => void>();
  #last = new Set<() => void>();
  #scheduled = false;

  /** Runs before every {@link atClose} task of the tick. */
  atEnd(task: () => void): void {
    this.#first.add(task);
    this.#schedule();
  }

  atClose(task: () => void): void {
    this.#last.add(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const [first, last] = [this.#first, this.#last];
    this.#first = new Set();
    for (const task of first) task();
    // The first tasks may have added to the last ones.
    this.#last = new Set();
    for (const task of last) task();
  };
}
