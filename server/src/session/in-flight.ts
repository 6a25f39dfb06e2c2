/** What must end before the log may close: appends in flight. */
export class InFlight {
  readonly #running = new Set<Promise<unknown>>();

  add<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const done = () => this.#running.delete(work);
    work.then(done, done);
    return work;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Resolves when all of it has ended, well or badly. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
