import type { FileId } from '@gochat/protocol/fields';

/** What a cache has of one file. */
export interface CachedFile {
  readonly id: FileId;
  /** The size of its chunks that are there. */
  readonly bytes: number;
  /** When the last of them was put, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Sealed chunks of files, by the file's id and the chunk's number from 0. All processes or tabs of a profile use it at once. The chunks of
 * files that wait to be sent are here, too. A chunk is there as a whole or not at all.
 */
export interface FileCache {
  /** More than this should not stay here, in bytes; what waits to be sent may. */
  readonly mostBytes: number;
  /**
   * Stores a chunk, or replaces it.
   * @param isDurable whether it has to be on the disk when this resolves
   * @throws ChatError `file-space`
   */
  put(id: FileId, chunk: number, sealed: Uint8Array, isDurable: boolean): Promise<void>;
  get(id: FileId, chunk: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @returns the numbers of the chunks that are there, in order */
  have(id: FileId): Promise<readonly number[]>;
  drop(id: FileId): Promise<void>;
  list(): Promise<readonly CachedFile[]>;
  /** Every other call of it has to be over. A later one opens it again. */
  close(): Promise<void>;
}
