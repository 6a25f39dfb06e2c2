import type { RoomId } from '@gochat/protocol/fields';
import type { Room } from '../room/room.ts';
import type { Subscription } from '../room/subscription.ts';
import { notEntered, retiredKey } from './refusals.ts';

/** A room that a connection follows, with its subscription. */
export interface EnteredRoom {
  readonly room: Room;
  readonly subscription: Subscription;
}

/** @throws Refusal `not-entered` */
export function enteredRoom(rooms: ReadonlyMap<RoomId, EnteredRoom>, id: RoomId): EnteredRoom {
  const entered = rooms.get(id);
  if (entered === undefined) throw notEntered();
  return entered;
}

/** As {@link enteredRoom}. @throws Refusal `not-entered`; `retired` when the subscription is suspended */
export function readableRoom(rooms: ReadonlyMap<RoomId, EnteredRoom>, id: RoomId): EnteredRoom {
  const entered = enteredRoom(rooms, id);
  if (entered.subscription.state === 'suspended') throw retiredKey();
  return entered;
}
