import { POST_MEMORY_MS } from '../engine.ts';
import type { LogPosition, RoomId } from '../log.ts';
import { decodePostKey, endOfTime, postKey, readPosition, writtenPosition } from './layout.ts';
import type { Trees } from './trees.ts';

export interface Post {
  readonly pos: LogPosition;
  readonly at: number;
}

/** What the port asks for: kept even when there are too many. */
const LEAST_MEMORY_MS = 120_000;
/** About 150 MB of memory; beyond it, ids are forgotten as early as the port allows. */
const MANY = 1_000_000;
const BEGIN = Buffer.alloc(1);

/**
 * The ids of recent posts. On disk they lie in the order of time, so that the posts of a transaction share a page; ids are random,
 * and a tree in their order would have a page written for every post. They are looked up in memory, which is filled at opening.
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

  /** Inside a transaction. @returns what undoes it in memory, should the transaction fail */
  put(room: RoomId, id: string, post: Post): () => void {
    void this.#trees.posts.put(postKey(post.at, room, id), writtenPosition(post.pos));
    this.#remember(room, id, post);
    return () => this.#forget(room, id);
  }

  /** The keys of those that may be forgotten, oldest first. */
  due(now: number, limit: number): Buffer[] {
    const memoryMs = this.#size > MANY ? LEAST_MEMORY_MS : POST_MEMORY_MS;
    return [...this.#trees.posts.getKeys({ start: BEGIN, end: endOfTime(now - memoryMs), limit })];
  }

  /** The keys of some of a room's. */
  of(room: RoomId, limit: number): Buffer[] {
    const keys: Buffer[] = [];
    for (const [id, { at }] of this.#rooms.get(room) ?? []) {
      if (keys.length === limit) break;
      keys.push(postKey(at, room, id));
    }
    return keys;
  }

  /** Inside a transaction. Memory follows when that is durable, by {@link forgotten}. */
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
