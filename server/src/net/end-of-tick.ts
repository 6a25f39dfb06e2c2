/** What is done once at the end of a turn of the event loop, however often it was asked for. */
export class EndOfTick {
  #first = new Set<() => void>();
  #last = new Set<() => void>();
  #scheduled = false;

  /** Runs before every {@link atClose} of the turn. */
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
    // The first tasks may have asked for more of the last.
    this.#last = new Set();
    for (const task of last) task();
  };
}
