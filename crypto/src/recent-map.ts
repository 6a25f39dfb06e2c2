/** A map that keeps the entries used last, and forgets the others. */
export class RecentMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #limit: number;

  /** @param limit the number of entries to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns the value of the key. Calls `make` if the map doesn't have it; an error of `make` is thrown, and nothing is kept. */
  get(key: string, make: () => V): V {
    const known = this.#entries.get(key);
    const value = known === undefined && !this.#entries.has(key) ? make() : (known as V);
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
    return value;
  }
}
