import type { LogPosition, RoomLog } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import { type Retirements, retirementOf } from './retirements.ts';
import type { Room } from './room.ts';
import { anyRoomHeadOf, type RoomHead, refuseClosed } from './room-head.ts';

interface KnownRoom {
  /** No later entry exists, whatever position a client names. */
  readonly last: LogPosition;
  readonly handshake: LogPosition;
  readonly retirements: Retirements;
}

/**
 * Finds the first handshake after `key` that retired it. All handshakes up to `upTo` are considered, even those that this node has
 * not received yet. Callers check later handshakes as they read them.
 * @param head if the caller has just read it: it is not read again
 * @throws Refusal `invalid` when `upTo` is after the room's end, `refused` when the key is too old to know
 */
export async function retirementUpTo(
  log: RoomLog,
  room: Room,
  key: LogPosition,
  upTo: LogPosition,
  head?: RoomHead,
): Promise<{
  readonly retirement: LogPosition | undefined;
  readonly handshake: LogPosition;
  readonly last: LogPosition;
}> {
  const { last, handshake, retirements } = upTo > room.last ? await askHead(log, room, upTo, head) : room;
  const retirement = retirementOf(retirements, key);
  if (retirement === 'forgotten') throw new Refusal('refused', 'this access key was retired too long ago');
  return { retirement, handshake, last };
}

async function askHead(
  log: RoomLog,
  room: Room,
  upTo: LogPosition,
  head: RoomHead | undefined,
): Promise<KnownRoom> {
  const known = head ?? (await anyRoomHeadOf(log, room.id));
  refuseClosed(known);
  const { last, issued, handshake, record } = known;
  if (upTo > issued) throw new Refusal('invalid', 'the position is after the end of this room');
  return { last, handshake, retirements: record.retirements };
}
