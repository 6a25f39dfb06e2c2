import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeEntry, decodeRoom, endOf, entryKey, expiryKey, positionOf } from './layout.ts';
import type { Store } from './store.ts';
import { erase } from './sweep.ts';

/** How many bytes of messages are kept; as many as come, where it is absent. Handshakes are kept in any case. */
export interface Quotas {
  readonly roomBytes?: number;
  readonly totalBytes?: number;
}

const BATCH = 500;
const ROOMS_PER_TURN = 5_000;

/**
 * Erases the oldest messages of rooms that keep more than they may. Where all together keep more than they may, those that keep most
 * give up first, until they are equal.
 * @returns how many messages went
 */
export async function trim(store: Store, quotas: Quotas): Promise<number> {
  if (quotas.roomBytes === undefined && quotas.totalBytes === undefined) return 0;
  const kept: { readonly room: Buffer; readonly bytes: number }[] = [];
  let seen = 0;
  for (const { key, value } of store.trees.rooms.getRange({ snapshot: false })) {
    kept.push({ room: Buffer.from(key), bytes: decodeRoom(value).kept });
    seen += 1;
    if (seen % ROOMS_PER_TURN === 0) await nextTurn();
  }
  const most = mostPerRoom(
    kept.map(({ bytes }) => bytes),
    quotas,
  );
  let messages = 0;
  for (const { room, bytes } of kept) if (bytes > most) messages += await trimRoom(store, room, most);
  return messages;
}

/** @returns how many bytes each room may keep at most, so that none of the quotas is exceeded */
export function mostPerRoom(
  kept: readonly number[],
  { roomBytes = Number.POSITIVE_INFINITY, totalBytes = Number.POSITIVE_INFINITY }: Quotas,
): number {
  let left = totalBytes;
  const ascending = kept.map((bytes) => Math.min(bytes, roomBytes)).sort((a, b) => a - b);
  for (const [i, bytes] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - i));
    // All from here on keep more than their share of what those before have left.
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
  let { kept } = decodeRoom(record);
  const gone: Buffer[] = [];
  for (const { key, value } of trees.entries.getRange({
    start: entryKey(room, 1),
    end: endOf(room),
  })) {
    if (kept <= most || gone.length === BATCH) break;
    const { entry, expiresAt } = decodeEntry(positionOf(key), value);
    if (entry.kind !== 'message') continue;
    kept -= entry.body.length;
    gone.push(Buffer.from(key));
    if (expiresAt) void trees.expiry.remove(expiryKey(expiresAt, 'message', key));
  }
  for (const key of gone) erase(trees, key);
  return gone.length;
}
