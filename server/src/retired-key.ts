import type { Position, RoomLog } from './log/log.ts';
import { Refusal } from './refusal.ts';
import { type Retirements, retirementOf } from './retirements.ts';
import type { Room } from './room.ts';
import { standingOf } from './standing.ts';

/**
 * The first handshake behind `key` that retired it, as far as is known: every one at or before `upTo` is; about later ones the
 * log tells, entry by entry.
 * @throws Refusal `invalid` when `upTo` lies behind the room's end, `refused` when the key is too old to tell.
 */
export async function retirementUpTo(
  log: RoomLog,
  room: Room,
  key: Position,
  upTo: Position,
): Promise<Position | undefined> {
  // Where the client is ahead of what this node has been told, the head has to be asked.
  const known = upTo > room.last ? await retirementsUpTo(log, room, upTo) : room.retirements;
  const first = retirementOf(known, key);
  if (first === 'forgotten') throw new Refusal('refused', 'this access key was retired too long ago');
  return first;
}

async function retirementsUpTo(log: RoomLog, room: Room, upTo: Position): Promise<Retirements> {
  const { last, record } = await standingOf(log, room.id);
  if (upTo > last) throw new Refusal('invalid', 'the position lies behind the end of this room');
  return record.retirements;
}
