import type { DownOf } from '@gochat/protocol/down';
import type { Entry } from '../log/log.ts';
import { storedFields } from '../room/entry-frame.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { retirementUpTo } from '../room/retired-key.ts';
import { readableRoom } from '../session/entered-room.ts';
import { retiredKey } from '../session/refusals.ts';
import type { Handler } from './handler.ts';

/** Never returns an entry that following with the same key would not deliver. */
export const read: Handler<'read'> = async (session, frame) => {
  const { log, rates, limits } = session.node;
  const { room, subscription } = readableRoom(session.rooms, frame.room);
  const after = positionOf(frame.after);
  // Later than what this node has received: the log must be asked for the room's state, which may be large.
  if (after > room.last) await rates.take('proof', session.address);
  const { retirement, last: end } = await retirementUpTo(log, room, subscription.key, after);
  if (retirement !== undefined && retirement <= after) throw retiredKey();
  const { entries, floor } = await log.read(frame.room, Math.min(after, end), frame.limit);
  const stop = entries.findIndex((entry) => subscription.stopsAt(entry));
  const allowed = stop < 0 ? entries : entries.slice(0, stop + 1);
  const due = firstBytes(allowed, limits.pageBytes);
  const last = due.at(-1);
  const page: DownOf<'page'> = {
    type: 'page',
    id: frame.id,
    room: frame.room,
    entries: due.map(storedFields),
    floor: positionText(floor),
    more: due.length < allowed.length || (stop < 0 && last !== undefined && last.pos < room.last),
  };
  session.send(page);
};

/** As many of the first entries as fit in `limit` bytes, and at least one. */
function firstBytes(entries: readonly Entry[], limit: number): readonly Entry[] {
  let bytes = 0;
  const over = entries.findIndex((entry, i) => {
    bytes += entry.body.length;
    return i > 0 && bytes > limit;
  });
  return over < 0 ? entries : entries.slice(0, over);
}
