export interface StoreChange {
  readonly key: Uint8Array;
  /** `undefined` removes the record; removing what isn't there is no error. */
  readonly value: Uint8Array | undefined;
}

export interface StoredRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ListOptions {
  /** The listing goes on strictly behind this key, in its own direction; it needn't exist. */
  readonly after?: Uint8Array;
  readonly limit?: number;
  /** From the last key to the first. */
  readonly reverse?: boolean;
}

/**
 * A profile's records: opaque bytes by key, sealed above. Keys have 1 to {@link KEY_BYTES} bytes. What goes in is copied before
 * the call returns and what comes out is the caller's own. A read sees every write that resolved before it.
 */
export interface Store {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** All or nothing, later changes of a key over earlier ones; durable (on the disk) when it resolves. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** The records whose keys begin with `prefix` (all of them when it is empty), in the byte order of their keys. */
  list(prefix: Uint8Array, options?: ListOptions): Promise<readonly StoredRecord[]>;
  /** Resolves when the writes begun before it are through; every call after it rejects with {@link StoreClosed}. */
  close(): Promise<void>;
}

/** What every engine can keep. */
export const KEY_BYTES = 511;

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
  constructor() {
    super('the store is closed');
  }
}
