import { createHash } from 'node:crypto';
import type { RoomId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, chunksOf, paddedBytes, pieceBytes } from '@gochat/protocol/file-chunks';
import type { FilePass } from '@gochat/protocol/file-pass';
import type { Logger } from 'pino';
import { type RoomLog, Unavailable } from '../log/log.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { decodeRecord } from '../room/room-record.ts';
import { sameText } from '../session/signature.ts';
import { FileRefusal } from './file-refusal.ts';
import type {
  ChunkBody,
  FileName,
  FileState,
  FileStore,
  SkipFile,
  StoredChunk,
  StoredFile,
} from './file-store.ts';
import { Usage } from './usage.ts';

export interface FilesOptions {
  readonly store: FileStore;
  readonly log: RoomLog;
  readonly limits: ServerLimits;
  readonly now: () => number;
  readonly logger: Logger;
}

/** What a file takes on the disk besides its chunks: a folder and a description. */
const FILE_COST = 16 * 1024;
/** A room over its limit loses so much more that not each further chunk has to look for the oldest. */
const TRIMMED_SHARE = 15 / 16;
const COUNTING_MS = 2000;
const FULL_MS = 60_000;

/** The files of all rooms: what may be stored, how long it stays, and who may delete it. */
export class Files {
  readonly usage = new Usage();
  readonly #options: FilesOptions;
  readonly #trims = new Map<RoomId, Promise<void>>();
  #counted = false;
  #sweeping: Promise<void> | undefined;
  #saidFull = 0;
  #closed = false;

  constructor(options: FilesOptions) {
    this.#options = options;
  }

  /** Whether it is known what there is. Until then, nothing is stored. */
  get counted(): boolean {
    return this.#counted;
  }

  /** @returns the length of a sealed chunk. @throws FileRefusal when there can't be such a chunk, or the file is too large */
  chunkBytes(bytes: number, chunk: number): number {
    const { fileBytes } = this.#options.limits;
    if (bytes > paddedBytes(fileBytes))
      throw new FileRefusal('too-large', `this server stores files of up to ${fileBytes} bytes`);
    if (bytes === 0 || paddedBytes(bytes) !== bytes)
      throw new FileRefusal('malformed', 'the size in the pass is not a padded size');
    if (chunk >= chunksOf(bytes)) throw new FileRefusal('malformed', 'a file of this size has no such chunk');
    return pieceBytes(bytes, chunk) + CHUNK_OVERHEAD;
  }

  /**
   * Stores a chunk, and begins the file with its first one.
   * @param pass what the file is said to be. Only the first pass of a file counts
   * @param take called only if the chunk isn't there. What it throws is thrown
   * @throws FileRefusal, StoreFull
   */
  async put(
    file: FileName,
    chunk: number,
    pass: Pick<FilePass, 'bytes' | 'discard' | 'keepMs'>,
    take: () => Promise<ChunkBody>,
  ): Promise<'stored' | 'there'> {
    const { store, now } = this.#options;
    const cost = FILE_COST + this.chunkBytes(pass.bytes, chunk);
    this.#requireSpace(cost);
    const { description, isNew } = await store.begin(file, this.#describe(pass));
    if (isNew) {
      this.usage.add(file.room, FILE_COST, 1);
      await this.#trim(file);
    }
    if (description.until <= now()) throw gone();
    if (description.bytes !== pass.bytes)
      throw new FileRefusal('other-length', 'the file was begun with another size: use another id');
    let reserved = 0;
    let outcome: 'stored' | 'there' | 'gone' | undefined;
    try {
      outcome = await store.put(file, chunk, async () => {
        const body = await take();
        this.#requireSpace(body.bytes);
        reserved = body.bytes;
        this.usage.add(file.room, reserved);
        return body;
      });
    } finally {
      if (outcome !== 'stored') this.usage.add(file.room, -reserved);
    }
    if (outcome === 'gone') throw gone();
    if (outcome === 'stored') await this.#trim(file);
    return outcome;
  }

  async have(file: FileName): Promise<FileState | undefined> {
    return this.#unexpired(await this.#options.store.have(file));
  }

  async get(file: FileName, chunk: number): Promise<StoredChunk | undefined> {
    const found = await this.#options.store.get(file, chunk);
    if (found === undefined || this.#unexpired(found) !== undefined) return found;
    await found.close();
    return undefined;
  }

  /**
   * @param discard the secret that the author has; undefined: an admin deletes the file
   * @throws FileRefusal `refused`
   */
  async drop(file: FileName, discard: string | undefined): Promise<void> {
    const state = await this.#options.store.have(file);
    if (state === undefined) return;
    const { description } = state;
    if (discard !== undefined && !isSecretOf(description.discard, discard))
      throw new FileRefusal('refused', 'this secret does not delete this file');
    await this.#drop({ ...file, bytes: storedBytes(state) });
  }

  /** Deletes what has expired, what was not finished, and the files of closed rooms; counts what is left. One sweep runs at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Resolves when nothing is deleted or counted any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#sweeping, ...this.#trims.values()]);
  }

  async #sweep(): Promise<void> {
    const { store, logger } = this.#options;
    let dropped = 0;
    let skipped = 0;
    let room: { readonly id: RoomId; readonly closed: boolean } | undefined;
    const over = new Set<RoomId>();
    await this.usage.recount(async (count) => {
      // They take space, but when they expire only that version knows.
      const skip: SkipFile = (file) => {
        count.add(file.room, FILE_COST + file.bytes, 1);
        skipped += 1;
      };
      for await (const file of store.walk(undefined, skip)) {
        if (this.#closed) return;
        if (room?.id !== file.room) room = { id: file.room, closed: await this.#isClosed(file.room) };
        if (room.closed || this.#isOver(file)) {
          await store.drop(file);
          dropped += 1;
        } else {
          count.add(file.room, FILE_COST + file.bytes, 1);
          if (count.ofRoom(file.room) > this.#options.limits.fileRoomBytes) over.add(file.room);
        }
      }
    });
    if (this.#closed) return;
    this.#counted = true;
    for (const id of over) await this.#trim({ room: id });
    if (skipped > 0)
      logger.warn({ files: skipped }, 'kept files that another version of gochat began: update this server');
    if (dropped > 0) logger.info({ files: dropped }, 'deleted files that had expired or were not finished');
  }

  /**
   * Whether an admin has closed the room. The files of a room that isn't known stay: this may be the wrong log. So do all while the log
   * doesn't answer: they are counted, and the next sweep asks again.
   */
  async #isClosed(room: RoomId): Promise<boolean> {
    try {
      const head = await this.#options.log.head(room);
      return head !== undefined && decodeRecord(head.state, head.handshake).closed === true;
    } catch (error) {
      if (error instanceof Unavailable) return false;
      throw error;
    }
  }

  #isOver({ description, chunks, changed }: StoredFile): boolean {
    const { now, limits } = this.#options;
    const isUnfinished = chunks.length < chunksOf(description.bytes);
    return description.until <= now() || (isUnfinished && changed + limits.fileUnfinishedMs <= now());
  }

  #describe({ bytes, discard, keepMs }: Pick<FilePass, 'bytes' | 'discard' | 'keepMs'>) {
    const { now, limits } = this.#options;
    const began = Math.floor(now());
    const until = began + Math.min(limits.fileKeepMs, keepMs ?? limits.fileKeepMs);
    return { bytes, began, until, ...(discard !== undefined && { discard }) };
  }

  #unexpired<State extends Pick<FileState, 'description'>>(state: State | undefined): State | undefined {
    return state !== undefined && state.description.until > this.#options.now() ? state : undefined;
  }

  /** @throws FileRefusal `full`, `unavailable` */
  #requireSpace(bytes: number): void {
    const { limits, logger, now } = this.#options;
    if (!this.#counted)
      throw new FileRefusal('unavailable', 'the server still counts its files: try again', {
        retryAfterMs: COUNTING_MS,
      });
    if (this.usage.bytes + bytes <= limits.fileTotalBytes) return;
    if (now() - this.#saidFull > limits.fileSweepMs) {
      this.#saidFull = now();
      logger.warn(
        { bytes: this.usage.bytes },
        'no space for files: raise --file-total-bytes, or lower --file-keep or --file-room-bytes',
      );
    }
    throw new FileRefusal('full', 'the server has no space for files: try again later', {
      retryAfterMs: FULL_MS,
    });
  }

  /** Deletes the oldest files of a room that is over its limit, but not the one that is being stored. */
  #trim({ room, id }: Pick<FileName, 'room'> & Partial<FileName>): Promise<void> {
    if (this.usage.ofRoom(room) <= this.#options.limits.fileRoomBytes) return Promise.resolve();
    const trim =
      this.#trims.get(room) ??
      this.#dropOldest(room, id).finally(() => {
        this.#trims.delete(room);
      });
    this.#trims.set(room, trim);
    return trim;
  }

  async #dropOldest(room: RoomId, id: string | undefined): Promise<void> {
    const { store, limits, logger } = this.#options;
    const files: StoredFile[] = [];
    for await (const file of store.walk(room, () => undefined)) if (file.id !== id) files.push(file);
    files.sort((a, b) => a.description.began - b.description.began);
    let dropped = 0;
    for (const file of files) {
      if (this.usage.ofRoom(room) <= limits.fileRoomBytes * TRIMMED_SHARE) break;
      await this.#drop(file);
      dropped += 1;
    }
    logger.info({ room, files: dropped }, 'deleted the oldest files of a room that had too many');
  }

  async #drop(file: Pick<StoredFile, 'room' | 'id' | 'bytes'>): Promise<void> {
    if (await this.#options.store.drop(file)) this.usage.add(file.room, -FILE_COST - file.bytes, -1);
  }
}

function storedBytes({ description, chunks }: FileState): number {
  return chunks.reduce((sum, chunk) => sum + pieceBytes(description.bytes, chunk) + CHUNK_OVERHEAD, 0);
}

/** @param hash the SHA-256 of the secret, as base64url */
function isSecretOf(hash: string | undefined, secret: string): boolean {
  const found = createHash('sha256').update(Buffer.from(secret, 'base64url')).digest('base64url');
  return hash !== undefined && sameText(hash, found);
}

function gone(): FileRefusal {
  return new FileRefusal('not-found', 'the file was deleted, or its time is over');
}
