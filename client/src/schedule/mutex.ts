/** Runs jobs one after the other. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** @returns what the job returns, once all earlier jobs have ended; a failed job doesn't stop later ones. */
  take<T>(job: () => Promise<T>): Promise<T> {
    const current = this.#last.then(job, job);
    this.#last = current.catch(() => undefined);
    return current;
  }
}
