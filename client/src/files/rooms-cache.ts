import { cacheId } from '@gochat/crypto/file';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import type { SealedFile } from '../api/methods.ts';
import type { CacheId, FileCache } from './file-cache.ts';

/** A file as a message names it. */
type Named = Pick<SealedFile, 'id' | 'hash'>;

/**
 * The files of all rooms in a profile's cache. Anyone can name the id of another's file, and the server knows ids before they are posted:
 * so what is fetched is kept by room, id and hash, and what this profile has sealed is apart, by room and id, and only its own job drops it.
 */
export class RoomsCache {
  readonly #cache: FileCache;

  constructor(cache: FileCache) {
    this.#cache = cache;
  }

  /** Stores a chunk that this profile has sealed; its bytes are on the disk then. @throws ChatError `file-space` */
  async putOwn(room: RoomId, id: FileId, chunk: number, sealed: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#cache.put(await ownId(room, id), chunk, sealed, true);
  }

  /** All chunks that were put by {@link putOwn} stay, whatever happens. */
  async settleOwn(room: RoomId, id: FileId): Promise<void> {
    await this.#cache.settle(await ownId(room, id));
  }

  /** Stores a chunk that was fetched: {@link get} prefers it to an own one. @throws ChatError `file-space` */
  async putFetched(room: RoomId, file: Named, chunk: number, sealed: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#cache.put(await fetchedId(room, file), chunk, sealed, false);
  }

  async getOwn(room: RoomId, id: FileId, chunk: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#cache.get(await ownId(room, id), chunk);
  }

  async get(room: RoomId, file: Named, chunk: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const fetched = await this.#cache.get(await fetchedId(room, file), chunk);
    return fetched ?? this.getOwn(room, file.id, chunk);
  }

  /** @returns the numbers of the chunks that are there, in order */
  async have(room: RoomId, file: Named): Promise<readonly number[]> {
    const ids = await Promise.all([fetchedId(room, file), ownId(room, file.id)]);
    const [fetched = [], own = []] = await Promise.all(ids.map((id) => this.#cache.have(id)));
    return [...new Set([...fetched, ...own])].sort((a, b) => a - b);
  }

  async dropOwn(room: RoomId, id: FileId): Promise<void> {
    await this.#cache.drop(await ownId(room, id));
  }

  async dropFetched(room: RoomId, file: Named): Promise<void> {
    await this.#cache.drop(await fetchedId(room, file));
  }
}

/** @returns where the cache has a file that this profile has sealed */
export function ownId(room: RoomId, id: FileId): Promise<CacheId> {
  return cacheId(room, id, '') as Promise<CacheId>;
}

/** @returns where the cache has a file that was fetched */
export function fetchedId(room: RoomId, { id, hash }: Named): Promise<CacheId> {
  return cacheId(room, id, hash) as Promise<CacheId>;
}
