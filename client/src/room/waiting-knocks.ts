import type { Knock } from '@gochat/crypto/knock';
import { isDoor } from '@gochat/crypto/knock';
import { membersOf, type Room, stateOf } from '@gochat/crypto/room';
import { isBanned, isStaff } from '@gochat/crypto/room-state';
import { decodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';

/** As many as a server lets wait in a room in a day. */
const MOST_WAITING = 32;
/** How many of those who wait by one invite are announced in the room. The list has all. */
const MOST_NOTICED = 4;

/** Somebody waits to be let in. */
export interface WaitingKnock extends Knock {
  readonly seq: Position;
  readonly at: number;
}

/**
 * Takes a knock: a person waits once, with what it said last.
 * @returns all that wait; the same list if there is no place for more, or if this one needs no decision
 */
export function withKnock(
  all: readonly WaitingKnock[],
  knock: WaitingKnock,
  room: Room,
): readonly WaitingKnock[] {
  const others = all.filter(({ identity }) => identity !== knock.identity);
  const isKnown = all.some(({ wish }) => wish.id === knock.wish.id);
  if (isKnown || others.length >= MOST_WAITING || !isUndecided(room, knock)) return all;
  return [...others, knock];
}

/** @returns those that nobody has decided yet. The same list if these are all. */
export function undecided(all: readonly WaitingKnock[], room: Room): readonly WaitingKnock[] {
  const left = all.filter((knock) => isUndecided(room, knock));
  return left.length === all.length ? all : left;
}

/** Whether the invite by which it came is live, no invite answers it, and its person is no member. */
function isUndecided(room: Room, { door, wish, identity }: Knock): boolean {
  if (room.context.state === 'newer') return true;
  return (
    isDoor(room, door) &&
    !stateOf(room).invites.some(({ id }) => id === wish.id) &&
    !membersOf(room).some((member) => member.identity === identity)
  );
}

/** Whether a banned person knocks. */
export function isOfBanned({ context: { state } }: Room, { identity }: Knock): boolean {
  return state !== 'newer' && isBanned(state, decodeBytes(identity));
}

/** Whether this device's person decides about knocks. */
export function decidesKnocks({ context: { state } }: Room, self: string | undefined): boolean {
  return state !== 'newer' && self !== undefined && isStaff(state, self);
}

/** Whether a knock that is in the list is announced in the room: whoever has one link can't fill the screens. */
export function isNoticed(all: readonly WaitingKnock[], knock: Knock, room: Room): boolean {
  const byDoor = all.filter(({ door }) => door === knock.door);
  return byDoor.length <= MOST_NOTICED && !isOfBanned(room, knock);
}
