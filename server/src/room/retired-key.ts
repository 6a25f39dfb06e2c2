import type { LogPosition, RoomLog } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';
import { type Retirements, retirementOf } from './retirements.ts';
import type { Room } from './room.ts';
import { roomHeadOf } from './room-head.ts';

/** What is known of a room, where the client may be ahead of what this node has been told. */
interface Known {
  /** Nothing stands behind it, whatever a client names. */
  readonly last: LogPosition;
  readonly handshake: LogPosition;
  readonly retirements: Retirements;
}

/**
 * The first handshake behind `key` that retired it, as far as is known: every one at or before `upTo` is; about later ones the
 * log tells, entry by entry. Beside it the room's last handshake.
 * @throws Refusal `invalid` when `upTo` lies behind the room's end, `refused` when the key is too old to tell.
 */
export async function retirementUpTo(
  log: RoomLog,
  room: Room,
  key: LogPosition,
  upTo: LogPosition,
): Promise<{
  readonly retirement: LogPosition | undefined;
  readonly handshake: LogPosition;
  readonly last: LogPosition;
}> {
  const { last, handshake, retirements } = upTo > room.last ? await askHead(log, room, upTo) : room;
  const retirement = retirementOf(retirements, key);
  if (retirement === 'forgotten') throw new Refusal('refused', 'this access key was retired too long ago');
  return { retirement, handshake, last };
}

async function askHead(log: RoomLog, room: Room, upTo: LogPosition): Promise<Known> {
  const { last, given, handshake, record } = await roomHeadOf(log, room.id);
  if (upTo > given) throw new Refusal('invalid', 'the position lies behind the end of this room');
  return { last, handshake, retirements: record.retirements };
}
