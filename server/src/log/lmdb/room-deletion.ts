import type { Followers } from '../followers.ts';
import { bytesOfId } from '../ids.ts';
import type { RoomId } from '../log.ts';
import type { Tree } from './environment.ts';
import { decodeEntry, decodeState, endOf, expiryKey, positionOf } from './layout.ts';
import type { Store } from './store.ts';

const MARK = Buffer.from('drop');
const BATCH = 200;

/**
 * Takes rooms away: the first transaction makes a room absent to everybody and leaves a mark, the following ones clear its log in
 * bounded batches, the last takes the mark off. A room with a mark is cleared before it can be made anew, also after a crash.
 */
export class RoomDeletion {
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

  /** One batch. */
  #clear(roomId: RoomId, room: Buffer, mark: Buffer): { more: boolean; forgotten: Buffer[] } {
    const { posts, trees } = this.#store;
    const gone = [...trees.entries.getRange({ start: room, end: endOf(room), limit: BATCH })];
    for (const { key, value } of gone) {
      const { expiresAt } = decodeEntry(positionOf(key), value);
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
