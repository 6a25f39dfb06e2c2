import { setImmediate as nextTick } from 'node:timers/promises';
import { decodeEntry, decodeRoom, endOf, entryKey, expiryKey, positionOfKey } from './layout.ts';
import type { Store } from './store.ts';
import { erase } from './sweep.ts';

/** How many bytes of messages are stored; absent: no limit. Handshakes don't count and are never deleted. */
export interface Quotas {
  readonly roomBytes?: number;
  readonly totalBytes?: number;
}

const BATCH = 500;
const ROOMS_PER_TICK = 5_000;

/**
 * Deletes the oldest messages of rooms over their quota. If all rooms together are over the quota, the largest rooms lose messages
 * first, until they are equally large.
 * @returns how many messages were deleted
 */
export async function trim(store: Store, quotas: Quotas): Promise<number> {
  if (quotas.roomBytes === undefined && quotas.totalBytes === undefined) return 0;
  const sizes: { readonly room: Buffer; readonly bytes: number }[] = [];
  let seen = 0;
  for (const { key, value } of store.trees.rooms.getRange({ snapshot: false })) {
    sizes.push({ room: Buffer.from(key), bytes: decodeRoom(value).storedBytes });
    seen += 1;
    if (seen % ROOMS_PER_TICK === 0) await nextTick();
  }
  const most = largestRoom(
    sizes.map(({ bytes }) => bytes),
    quotas,
  );
  let messages = 0;
  for (const { room, bytes } of sizes) if (bytes > most) messages += await trimRoom(store, room, most);
  return messages;
}

/** @param stored bytes per room. @returns how many bytes each room may store, so that no quota is exceeded */
export function largestRoom(
  stored: readonly number[],
  { roomBytes = Number.POSITIVE_INFINITY, totalBytes = Number.POSITIVE_INFINITY }: Quotas,
): number {
  let left = totalBytes;
  const ascending = stored.map((bytes) => Math.min(bytes, roomBytes)).sort((a, b) => a - b);
  for (const [i, bytes] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    // This room and all larger ones exceed an equal share of what is left.
    if (bytes > share) return share;
    left -= bytes;
  }
  return roomBytes;
}

async function trimRoom({ trees, writer }: Store, room: Buffer, most: number): Promise<number> {
  let messages = 0;
  for (let more = true; more; ) {
    const gone = await writer.write(0, () => ({ result: trimBatch(trees, room, most) }));
    messages += gone;
    more = gone === BATCH;
  }
  return messages;
}

function trimBatch(trees: Store['trees'], room: Buffer, most: number): number {
  const record = trees.rooms.get(room);
  if (!record) return 0;
  let { storedBytes } = decodeRoom(record);
  const gone: Buffer[] = [];
  for (const { key, value } of trees.entries.getRange({
    start: entryKey(room, 1),
    end: endOf(room),
  })) {
    if (storedBytes <= most || gone.length === BATCH) break;
    const { entry, expiresAt } = decodeEntry(positionOfKey(key), value);
    if (entry.kind === 'handshake') continue;
    storedBytes -= entry.body.length;
    gone.push(Buffer.from(key));
    if (expiresAt) void trees.expiry.remove(expiryKey(expiresAt, 'message', key));
  }
  for (const key of gone) erase(trees, key);
  return gone.length;
}
