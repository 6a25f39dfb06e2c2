/** The requests that must end before the log may close. */
export class InFlight {
  readonly #running = new Set<Promise<unknown>>();

  add<T>(request: Promise<T>): Promise<T> {
    this.#running.add(request);
    const done = () => this.#running.delete(request);
    request.then(done, done);
    return request;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Resolves when every request has ended, whether it succeeded or failed. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
