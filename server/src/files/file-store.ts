import type { FileId, RoomId } from '@gochat/protocol/fields';

/** Names a stored file. */
export interface FileName {
  readonly room: RoomId;
  readonly id: FileId;
}

/** What is stored beside the chunks of a file. It never changes. */
export interface FileDescription {
  /** The padded plaintext of the whole file: it shows how many chunks there are, and how long each is. */
  readonly bytes: number;
  /** When the first chunk was announced, and when the file expires, in milliseconds since 1970. */
  readonly began: number;
  readonly until: number;
  /** The SHA-256 of the secret that deletes the file, as base64url. Absent: only an admin can delete it. */
  readonly discard?: string;
}

/** The bytes of a sealed chunk, in parts. */
export interface ChunkBody {
  readonly bytes: number;
  readonly parts: AsyncIterable<Uint8Array>;
}

/** Whoever gets it must call `close`, whether or not the parts were read. */
export interface StoredChunk extends ChunkBody {
  readonly description: FileDescription;
  close(): Promise<void>;
}

/** What is there of a file. */
export interface FileState {
  readonly description: FileDescription;
  /** The chunks that are stored, ascending. */
  readonly chunks: readonly number[];
}

export interface StoredFile extends FileName, FileState {
  /** How many bytes the stored chunks have. */
  readonly bytes: number;
  /** When the last of them was stored, in milliseconds since 1970 by the clock of the store; without chunks, when the file began. */
  readonly changed: number;
}

/** There is no space for it. Nothing of it was stored. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

export type SkipFile = (file: FileName & Pick<StoredFile, 'bytes'>) => void;

/** Another version of gochat wrote the description of the file. */
export class OtherVersion extends Error {
  override readonly name = 'OtherVersion';
}

/**
 * Stores the sealed chunks of files. What was written first stays: neither a description nor a chunk is ever replaced. Several nodes may
 * use the same store at a time.
 */
export interface FileStore {
  /**
   * Begins a file. The description is durable at the latest when a chunk of the file is.
   * @returns the description that is stored, which is an earlier one unless `isNew`
   * @throws StoreFull
   */
  begin(
    file: FileName,
    description: FileDescription,
  ): Promise<{ readonly description: FileDescription; readonly isNew: boolean }>;
  /**
   * Stores a chunk of a file that was begun. Its bytes are durable when it resolves; if it rejects, the chunk isn't there.
   * @param take called only if the chunk isn't there. What it throws, or its parts throw, is thrown
   * @returns `gone` when the file was dropped, or never begun
   * @throws StoreFull
   */
  put(file: FileName, chunk: number, take: () => Promise<ChunkBody>): Promise<'stored' | 'there' | 'gone'>;
  /** @returns undefined when the file was never begun, or was dropped */
  have(file: FileName): Promise<FileState | undefined>;
  /** @returns undefined when the chunk isn't there */
  get(file: FileName, chunk: number): Promise<StoredChunk | undefined>;
  /** Deletes a file with its description. @returns whether it was there */
  drop(file: FileName): Promise<boolean>;
  /**
   * All files of a room, or of all rooms, one room after the other. Files that are begun or dropped meanwhile may be among them. A walk of
   * all rooms also deletes what was left behind when a process was killed.
   * @param skip called with each file that another version of gochat described, and how many bytes its chunks have. Absent: it is thrown
   * @throws OtherVersion
   */
  walk(room?: RoomId, skip?: SkipFile): AsyncIterable<StoredFile>;
}
