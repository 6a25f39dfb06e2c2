import { checkKey, compareKeys, endOfPrefix } from './key.ts';
import { type ListOptions, type Store, type StoreChange, StoreClosed, type StoredRecord } from './store.ts';

/** A store in memory, for tests and for profiles that leave no trace. */
export class MemoryStore implements Store {
  /** In the byte order of the keys. */
  readonly #records: StoredRecord[] = [];
  #closed = false;

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#open();
    checkKey(key);
    const record = this.#records[this.#firstFrom(key)];
    return record !== undefined && compareKeys(record.key, key) === 0 ? record.value.slice() : undefined;
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    this.#open();
    for (const { key } of changes) checkKey(key);
    for (const { key, value } of changes) {
      const at = this.#firstFrom(key);
      const present = this.#records[at];
      const known = present !== undefined && compareKeys(present.key, key) === 0 ? 1 : 0;
      if (value === undefined) this.#records.splice(at, known);
      else this.#records.splice(at, known, { key: key.slice(), value: value.slice() });
    }
  }

  async list(prefix: Uint8Array, options: ListOptions = {}): Promise<readonly StoredRecord[]> {
    this.#open();
    const { after, limit = Number.POSITIVE_INFINITY, reverse = false } = options;
    const end = endOfPrefix(prefix);
    const found = this.#records.slice(
      this.#firstFrom(prefix),
      end === undefined ? this.#records.length : this.#firstFrom(end),
    );
    if (reverse) found.reverse();
    const isAfter = (key: Uint8Array) =>
      after === undefined || (reverse ? compareKeys(key, after) < 0 : compareKeys(key, after) > 0);
    return found
      .filter((record) => isAfter(record.key))
      .slice(0, limit)
      .map(({ key, value }) => ({ key: key.slice(), value: value.slice() }));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw new StoreClosed();
  }

  /** The index of the first record whose key is not before `key`. */
  #firstFrom(key: Uint8Array): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.#records[middle];
      if (record !== undefined && compareKeys(record.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
