import { POST_MEMORY_MS } from '../engine.ts';
import type { LogPosition, RoomId } from '../log.ts';
import { decodePostKey, endOfTime, postKey, readPosition, writtenPosition } from './layout.ts';
import type { Trees } from './trees.ts';

export interface Post {
  readonly pos: LogPosition;
  readonly at: number;
}

/** What {@link RoomLog} requires, even with more than {@link MANY} ids. */
const MIN_MEMORY_MS = 120_000;
/** Takes about 150 MB of memory. With more, ids are deleted as early as allowed. */
const MANY = 1_000_000;
const BEGIN = Buffer.alloc(1);

/**
 * The ids of recent posts. On disk they are sorted by time, so that the ids of a transaction share a page: sorted by id, each random
 * id would need its own page. Lookups use a copy in memory, which is read when the folder is opened.
 */
export class Posts {
  readonly #trees: Trees;
  readonly #rooms = new Map<RoomId, Map<string, Post>>();
  #size = 0;

  constructor(trees: Trees) {
    this.#trees = trees;
    for (const { key, value } of trees.posts.getRange()) {
      const { at, room, id } = decodePostKey(key);
      this.#remember(room, id, { at, pos: readPosition(value, 0) });
    }
  }

  find(room: RoomId, id: string): Post | undefined {
    return this.#rooms.get(room)?.get(id);
  }

  /** Must run in a transaction. @returns a function that undoes the change in memory, to be called if the transaction fails */
  put(room: RoomId, id: string, post: Post): () => void {
    void this.#trees.posts.put(postKey(post.at, room, id), writtenPosition(post.pos));
    this.#remember(room, id, post);
    return () => this.#forget(room, id);
  }

  /** The keys of the ids that are old enough to delete, oldest first. */
  due(now: number, limit: number): Buffer[] {
    const memoryMs = this.#size > MANY ? MIN_MEMORY_MS : POST_MEMORY_MS;
    return [...this.#trees.posts.getKeys({ start: BEGIN, end: endOfTime(now - memoryMs), limit })];
  }

  /** The keys of up to `limit` ids of a room. */
  of(room: RoomId, limit: number): Buffer[] {
    const keys: Buffer[] = [];
    for (const [id, { at }] of this.#rooms.get(room) ?? []) {
      if (keys.length === limit) break;
      keys.push(postKey(at, room, id));
    }
    return keys;
  }

  /** Must run in a transaction. Once it is durable, {@link forgotten} must be called for the memory. */
  remove(keys: readonly Buffer[]): void {
    for (const key of keys) void this.#trees.posts.remove(key);
  }

  forgotten(keys: readonly Buffer[]): void {
    for (const key of keys) {
      const { room, id } = decodePostKey(key);
      this.#forget(room, id);
    }
  }

  #remember(room: RoomId, id: string, post: Post): void {
    const ids = this.#rooms.get(room);
    if (ids) ids.set(id, post);
    else this.#rooms.set(room, new Map([[id, post]]));
    this.#size++;
  }

  #forget(room: RoomId, id: string): void {
    const ids = this.#rooms.get(room);
    if (!ids?.delete(id)) return;
    this.#size--;
    if (ids.size === 0) this.#rooms.delete(room);
  }
}
