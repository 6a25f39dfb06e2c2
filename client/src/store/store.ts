export interface StoreChange {
  readonly key: Uint8Array;
  /** `undefined` removes the record; removing an absent record is not an error. */
  readonly value: Uint8Array | undefined;
}

export interface StoredRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ListOptions {
  /** The list continues after this key in its direction; the key need not exist. */
  readonly after?: Uint8Array;
  readonly limit?: number;
  /** From the last key to the first. */
  readonly reverse?: boolean;
}

/**
 * A profile's records: opaque sealed bytes by key. Keys have 1 to {@link KEY_BYTES} bytes. Arguments are copied before the call
 * returns, and results belong to the caller. A read sees every write that resolved before it.
 */
export interface Store {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Atomic; a later change of a key overrides an earlier one. Durable (on the disk) when it resolves. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** The records whose keys begin with `prefix` (all of them when it is empty), in the byte order of their keys. */
  list(prefix: Uint8Array, options?: ListOptions): Promise<readonly StoredRecord[]>;
  /** Resolves when pending writes have ended; every later call rejects with {@link StoreClosed}. */
  close(): Promise<void>;
}

/** The longest key that every engine supports. */
export const KEY_BYTES = 511;

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
  constructor() {
    super('the store is closed');
  }
}
