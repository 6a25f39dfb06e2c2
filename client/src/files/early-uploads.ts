import { discardHash } from '@gochat/crypto/file';
import type { FileId } from '@gochat/protocol/fields';
import type { SealedFile } from '../api/methods.ts';
import type { Clock } from '../schedule/clock.ts';
import type { Records } from '../store/records.ts';
import type { FileDoor } from './file-door.ts';
import { secretOf } from './file-records.ts';
import type { RoomAt } from './room-at.ts';
import type { RoomsCache } from './rooms-cache.ts';

export const CHUNKS_AT_ONCE = 3;

export interface EarlyUploadsParts {
  readonly records: Records;
  readonly cache: RoomsCache;
  readonly clock: Pick<Clock, 'now'>;
  readonly door: (at: RoomAt) => FileDoor;
}

interface Early {
  /** When the first chunk came. */
  readonly since: number;
  /** What is sealed, and not on its way yet. */
  readonly chunks: number[];
  readonly works: Set<Promise<void>>;
  /** What the server has acknowledged. */
  readonly have: Set<number>;
  isOver: boolean;
}

/**
 * Uploads the first chunks of files while the later ones are sealed. Nothing depends on it: it ends at the first failure, and `Uploads`
 * does the rest once the message is queued.
 */
export class EarlyUploads {
  readonly #parts: EarlyUploadsParts;
  readonly #files = new Map<FileId, Early>();

  constructor(parts: EarlyUploadsParts) {
    this.#parts = parts;
  }

  /** One chunk more of a file is sealed and in the cache. */
  add(at: RoomAt, file: Pick<SealedFile, 'id' | 'bytes'>, chunk: number): void {
    const id = file.id;
    const early = this.#files.get(id) ?? this.#begin(id);
    if (early.isOver) return;
    early.chunks.push(chunk);
    if (early.works.size === CHUNKS_AT_ONCE) return;
    const work: Promise<void> = this.#work(at, file, early)
      .catch(() => over(early))
      .finally(() => early.works.delete(work));
    early.works.add(work);
  }

  /**
   * Begins nothing more for a file, and waits for what is under way.
   * @returns what the server has of it, and since when; undefined if nothing was begun
   */
  async end(id: FileId): Promise<Pick<Early, 'have' | 'since'> | undefined> {
    const early = this.#files.get(id);
    if (early === undefined) return undefined;
    over(early);
    await Promise.all(early.works);
    this.#files.delete(id);
    return early;
  }

  close(): void {
    for (const early of this.#files.values()) over(early);
  }

  #begin(id: FileId): Early {
    const since = this.#parts.clock.now();
    const early: Early = { since, chunks: [], works: new Set(), have: new Set(), isOver: false };
    this.#files.set(id, early);
    return early;
  }

  async #work(at: RoomAt, file: Pick<SealedFile, 'id' | 'bytes'>, { chunks, have }: Early): Promise<void> {
    const { cache, records, door } = this.#parts;
    const room = at.session.room.id;
    const secret = await secretOf(records, room, file.id);
    if (secret === undefined) return;
    const discard = await discardHash(secret);
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      const body = await cache.getOwn(room, file.id, chunk);
      if (body === undefined) continue;
      await door(at).put({ ...file, discard }, chunk, body);
      have.add(chunk);
    }
  }
}

function over(early: Early): void {
  early.isOver = true;
  early.chunks.length = 0;
}
