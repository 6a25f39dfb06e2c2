import type { Environment } from './environment.ts';
import { checkKey, compareKeys, endOfPrefix } from './key.ts';
import { type ListOptions, type Store, type StoreChange, StoreClosed, type StoredRecord } from './store.ts';

/** What a store needs to write. */
export interface Claim {
  /** In the environment's `meta`. */
  readonly key: Uint8Array;
  /** Called for each write that found the key missing. @returns what the write rejects with */
  readonly refusal: () => Error;
}

/** The records of an LMDB environment. Closing the store leaves the environment open. */
export class LmdbStore implements Store {
  readonly #environment: Environment;
  readonly #claim: Claim | undefined;
  readonly #writing = new Set<Promise<boolean>>();
  #closed = false;

  constructor(environment: Environment, claim?: Claim) {
    this.#environment = environment;
    this.#claim = claim;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#open();
    checkKey(key);
    const value = this.#environment.records.get(key);
    return value && new Uint8Array(value);
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    this.#open();
    for (const { key } of changes) checkKey(key);
    const copied = changes.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() }));
    const writing = this.#environment.write(copied, this.#claim?.key);
    this.#writing.add(writing);
    try {
      if (!(await writing) && this.#claim !== undefined) throw this.#claim.refusal();
    } finally {
      this.#writing.delete(writing);
    }
  }

  async list(prefix: Uint8Array, options: ListOptions = {}): Promise<readonly StoredRecord[]> {
    this.#open();
    const { after, limit, reverse = false } = options;
    const bounds = reverse ? backwards(prefix, after) : forwards(prefix, after);
    if (bounds === undefined || limit === 0) return [];
    const range = this.#environment.records.getRange({ ...bounds, reverse, ...(limit && { limit }) });
    return Array.from(range, ({ key, value }) => ({
      key: new Uint8Array(key),
      value: new Uint8Array(value),
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#writing);
  }

  #open(): void {
    if (this.#closed) throw new StoreClosed();
  }
}

const FIRST_KEY = Uint8Array.of(0);

interface Bounds {
  readonly start?: Uint8Array;
  readonly exclusiveStart?: boolean;
  readonly end?: Uint8Array;
  readonly inclusiveEnd?: boolean;
}

function forwards(prefix: Uint8Array, after: Uint8Array | undefined): Bounds | undefined {
  const end = endOfPrefix(prefix);
  const skips = after !== undefined && compareKeys(after, prefix) >= 0;
  if (skips && end !== undefined && compareKeys(after, end) >= 0) return undefined;
  const start = skips ? after : prefix;
  return { ...(start.length > 0 && { start, exclusiveStart: skips }), ...(end && { end }) };
}

function backwards(prefix: Uint8Array, after: Uint8Array | undefined): Bounds | undefined {
  const end = endOfPrefix(prefix);
  const start = after !== undefined && (end === undefined || compareKeys(after, end) < 0) ? after : end;
  if (start !== undefined && compareKeys(start, prefix) <= 0) return undefined;
  return {
    ...(start && { start, exclusiveStart: true }),
    end: prefix.length > 0 ? prefix : FIRST_KEY,
    inclusiveEnd: true,
  };
}
