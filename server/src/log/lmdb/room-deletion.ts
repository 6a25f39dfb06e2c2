import type { Followers } from '../followers.ts';
import { bytesOfId } from '../ids.ts';
import type { RoomId } from '../log.ts';
import type { Tree } from './environment.ts';
import { decodeEntry, decodeState, endOf, expiryKey, positionOfKey } from './layout.ts';
import type { Store } from './store.ts';

const MARK = Buffer.from('drop');
const BATCH = 200;

/**
 * Deletes rooms. The first transaction removes the room's record and sets a mark, the next ones delete its log in bounded batches,
 * and the last one removes the mark. A marked room is fully deleted before it can be created again, even after a crash.
 */
export class RoomDeletion {
  readonly #store: Store;
  readonly #followers: Followers;
  readonly #running = new Map<RoomId, Promise<void>>();
  readonly #marked = new Set<RoomId>();

  constructor(store: Store, followers: Followers) {
    this.#store = store;
    this.#followers = followers;
  }

  /** Finishes deletions that a crash interrupted. */
  async resume(): Promise<void> {
    for (const mark of keysOf(this.#store.trees.meta, MARK))
      this.#marked.add(mark.toString('base64url', MARK.length));
    for (const room of [...this.#marked]) await this.drop(room);
  }

  /** Resolves when the room is fully deleted; undefined if it is not being deleted. */
  clearing(room: RoomId): Promise<void> | undefined {
    return this.#running.has(room) || this.#marked.has(room) ? this.drop(room) : undefined;
  }

  drop(room: RoomId): Promise<void> {
    const present = this.#running.get(room);
    if (present) return present;
    const dropping = this.#drop(room, bytesOfId(room)).finally(() => this.#running.delete(room));
    this.#running.set(room, dropping);
    return dropping;
  }

  async #drop(roomId: RoomId, room: Buffer): Promise<void> {
    const { trees, posts, writer } = this.#store;
    const mark = Buffer.concat([MARK, room]);
    await writer.write(0, () => {
      void trees.meta.put(mark, room);
      void trees.rooms.remove(room);
      void trees.heads.remove(room);
      for (const key of keysOf(trees.state, room)) {
        const value = trees.state.get(key);
        const expiresAt = value ? decodeState(value).expiresAt : 0;
        if (expiresAt) void trees.expiry.remove(expiryKey(expiresAt, 'state', key));
        void trees.state.remove(key);
      }
      return { result: undefined };
    });
    this.#marked.add(roomId);
    this.#followers.lose(roomId);
    for (let more = true; more; ) {
      const batch = await writer.write(0, () => ({ result: this.#clear(roomId, room, mark) }));
      posts.forgotten(batch.forgotten);
      more = batch.more;
    }
    this.#marked.delete(roomId);
  }

  /** Deletes one batch. Runs in a transaction. */
  #clear(roomId: RoomId, room: Buffer, mark: Buffer): { more: boolean; forgotten: Buffer[] } {
    const { posts, trees } = this.#store;
    const gone = [...trees.entries.getRange({ start: room, end: endOf(room), limit: BATCH })];
    for (const { key, value } of gone) {
      const { expiresAt } = decodeEntry(positionOfKey(key), value);
      if (expiresAt) void trees.expiry.remove(expiryKey(expiresAt, 'message', key));
      void trees.entries.remove(key);
    }
    const forgotten = posts.of(roomId, BATCH);
    posts.remove(forgotten);
    const more = gone.length === BATCH || forgotten.length === BATCH;
    if (!more) void trees.meta.remove(mark);
    return { more, forgotten };
  }
}

function keysOf(tree: Tree, prefix: Buffer): Buffer[] {
  return [...tree.getKeys({ start: prefix, end: endOf(prefix) })];
}
