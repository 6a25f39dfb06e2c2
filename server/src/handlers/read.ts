import type { DownOf } from '@gochat/protocol/down';
import type { RoomId } from '@gochat/protocol/fields';
import type { Entry } from '../log/log.ts';
import { storedFields } from '../room/entry-frame.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { retirementUpTo } from '../room/retired-key.ts';
import type { Subscription } from '../room/subscription.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from '../session/requests.ts';
import type { Session } from '../session/session.ts';

/** @throws Refusal `not-entered`, or `retired` when delivery has stopped already. */
export function enteredSubscription(session: Session, room: RoomId): Subscription {
  const subscription = session.subscriptions.get(room);
  if (subscription === undefined) throw new Refusal('not-entered', 'enter the room first');
  if (subscription.state === 'held') {
    throw new Refusal('retired', 'a removal retired this access key; prove a newer one');
  }
  return subscription;
}

/** Never tells more than following with the same key would. */
export const read: Handler<'read'> = async (session, frame) => {
  const { relay } = session;
  const subscription = enteredSubscription(session, frame.room);
  const after = positionOf(frame.after);
  // Ahead of what this node was told: the log has to tell the room's state, which may be large.
  if (after > subscription.room.last) await relay.rates.take('proof', session.address);
  const { retirement, last: end } = await retirementUpTo(
    relay.log,
    subscription.room,
    subscription.key,
    after,
  );
  if (retirement !== undefined && retirement <= after) {
    throw new Refusal('retired', 'a removal retired this access key; prove a newer one');
  }
  const { entries, floor } = await relay.log.read(frame.room, Math.min(after, end), frame.limit);
  const stop = entries.findIndex((entry) => subscription.stopsAt(entry));
  const allowed = stop < 0 ? entries : entries.slice(0, stop + 1);
  const due = firstBytes(allowed, relay.limits.pageBytes);
  const last = due.at(-1);
  const page: DownOf<'page'> = {
    type: 'page',
    id: frame.id,
    room: frame.room,
    entries: due.map(storedFields),
    floor: positionText(floor),
    more:
      due.length < allowed.length || (stop < 0 && last !== undefined && last.pos < subscription.room.last),
  };
  session.send(page);
};

/** As many of the first as fit, and one at least. */
function firstBytes(entries: readonly Entry[], limit: number): readonly Entry[] {
  let bytes = 0;
  const over = entries.findIndex((entry, i) => {
    bytes += entry.body.length;
    return i > 0 && bytes > limit;
  });
  return over < 0 ? entries : entries.slice(0, over);
}
