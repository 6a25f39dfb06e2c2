import {
  decodeEntry,
  decodeExpiryKey,
  decodeRoom,
  decodeState,
  encodeRoom,
  endOfTime,
  positionOfKey,
  roomOf,
} from './layout.ts';
import type { Store } from './store.ts';

const BATCH = 500;
const BEGIN = Buffer.alloc(1);

/** Deletes what has expired, in batches, so that appends can run between them. @returns how many messages were deleted */
export async function sweep(store: Store): Promise<number> {
  const end = endOfTime(store.now());
  let messages = 0;
  for (let due = BATCH; due === BATCH; ) {
    const batch = await store.writer.write(0, () => ({ result: sweepBatch(store, end) }));
    messages += batch.messages;
    due = batch.due;
  }
  await sweepPosts(store);
  return messages;
}

async function sweepPosts({ posts, writer, now }: Store): Promise<void> {
  for (let due = BATCH; due === BATCH; ) {
    const gone = await writer.write(0, () => {
      const keys = posts.due(now(), BATCH);
      posts.remove(keys);
      return { result: keys };
    });
    posts.forgotten(gone);
    due = gone.length;
  }
}

function sweepBatch({ trees, now }: Store, end: Buffer): { due: number; messages: number } {
  const due = [...trees.expiry.getKeys({ start: BEGIN, end, limit: BATCH })];
  let messages = 0;
  for (const whole of due) {
    const { kind, key } = decodeExpiryKey(whole);
    void trees.expiry.remove(whole);
    if (kind === 'message') {
      messages++;
      erase(trees, key);
    } else {
      const value = trees.state.get(key);
      if (value && decodeState(value).expiresAt <= now()) void trees.state.remove(key);
    }
  }
  return { due: due.length, messages };
}

/** Deletes a message and updates its room's record. Must run in a transaction. */
export function erase({ rooms, entries }: Store['trees'], key: Buffer): void {
  const value = entries.get(key);
  void entries.remove(key);
  const room = roomOf(key);
  const record = rooms.get(room);
  if (!record) return;
  const present = decodeRoom(record);
  const bytes = value ? decodeEntry(positionOfKey(key), value).entry.body.length : 0;
  const floor = Math.max(present.floor, positionOfKey(key));
  void rooms.put(
    room,
    encodeRoom({ ...present, floor, storedBytes: Math.max(0, present.storedBytes - bytes) }),
  );
}
