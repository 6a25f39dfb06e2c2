/** Which file of a cache: 16 bytes as base64url, see `RoomsCache`. */
export type CacheId = string & { readonly ofCache: true };

/** What a cache has of one file. */
export interface CachedFile {
  readonly id: CacheId;
  /** The size of its chunks that are there. */
  readonly bytes: number;
  /** When the last of them was put, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Sealed chunks of files, by an id and the chunk's number from 0. All processes or tabs of a profile use it at once. The chunks of
 * files that wait to be sent are here, too. A chunk is there as a whole or not at all.
 */
export interface FileCache {
  /** More than this should not stay here, in bytes; what waits to be sent may. */
  readonly mostBytes: number;
  /**
   * Stores a chunk, or replaces it. The bytes must not change afterwards.
   * @param isDurable whether its bytes have to be on the disk when this resolves. That they are found there takes {@link settle}
   * @throws ChatError `file-space`
   */
  put(id: CacheId, chunk: number, sealed: Uint8Array<ArrayBuffer>, isDurable: boolean): Promise<void>;
  /** A power failure leaves what was put for this file as durable. */
  settle(id: CacheId): Promise<void>;
  get(id: CacheId, chunk: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @returns the numbers of the chunks that are there, in order */
  have(id: CacheId): Promise<readonly number[]>;
  drop(id: CacheId): Promise<void>;
  list(): Promise<readonly CachedFile[]>;
  /** Every other call of it has to be over. A later one opens it again. */
  close(): Promise<void>;
}
