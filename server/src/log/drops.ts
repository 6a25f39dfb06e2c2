import { POST_MEMORY_MS } from './engine.ts';
import type { Tree } from './environment.ts';
import type { Followers } from './followers.ts';
import { bytesOfId } from './ids.ts';
import { decodeEntry, decodePost, decodeState, endOf, expiryKey, positionOf } from './layout.ts';
import type { RoomId } from './log.ts';
import type { Store } from './store.ts';

const MARK = Buffer.from('drop');
const BATCH = 200;

/**
 * Takes rooms away: the first transaction makes a room absent to everybody and leaves a mark, the following ones clear its log in
 * bounded batches, the last takes the mark off. A room with a mark is cleared before it can be made anew, also after a crash.
 */
export class Drops {
  readonly #store: Store;
  readonly #followers: Followers;
  readonly #underWay = new Map<RoomId, Promise<void>>();
  readonly #marked = new Set<RoomId>();

  constructor(store: Store, followers: Followers) {
    this.#store = store;
    this.#followers = followers;
  }

  /** Finishes what was cut short. */
  async resume(): Promise<void> {
    for (const mark of keysOf(this.#store.trees.meta, MARK))
      this.#marked.add(mark.toString('base64url', MARK.length));
    for (const room of [...this.#marked]) await this.drop(room);
  }

  /** Of a room that is being dropped: resolves when nothing is left of it. */
  clearing(room: RoomId): Promise<void> | undefined {
    return this.#underWay.has(room) || this.#marked.has(room) ? this.drop(room) : undefined;
  }

  drop(room: RoomId): Promise<void> {
    const present = this.#underWay.get(room);
    if (present) return present;
    const dropping = this.#drop(room, bytesOfId(room)).finally(() => this.#underWay.delete(room));
    this.#underWay.set(room, dropping);
    return dropping;
  }

  async #drop(roomId: RoomId, room: Buffer): Promise<void> {
    const { trees, writer } = this.#store;
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
    while (await writer.write(0, () => ({ result: this.#clear(room, mark) })));
    this.#marked.delete(roomId);
  }

  /** One batch. @returns whether there may be more */
  #clear(room: Buffer, mark: Buffer): boolean {
    const { entries, posts, expiry, meta } = this.#store.trees;
    const range = { start: room, end: endOf(room), limit: BATCH };
    const gone = [...entries.getRange(range)];
    for (const { key, value } of gone) {
      const { expiresAt } = decodeEntry(positionOf(key), value);
      if (expiresAt) void expiry.remove(expiryKey(expiresAt, 'message', key));
      void entries.remove(key);
    }
    const forgotten = [...posts.getRange(range)];
    for (const { key, value } of forgotten) {
      void expiry.remove(expiryKey(decodePost(value).at + POST_MEMORY_MS, 'post', key));
      void posts.remove(key);
    }
    if (gone.length === BATCH || forgotten.length === BATCH) return true;
    void meta.remove(mark);
    return false;
  }
}

function keysOf(tree: Tree, prefix: Buffer): Buffer[] {
  return [...tree.getKeys({ start: prefix, end: endOf(prefix) })];
}
