import { membersOf, type Room } from '@gochat/crypto/room';
import { nameOf } from './event-history.ts';

/** @returns the identity key of the other person of a direct room; undefined for a room of another kind */
export function otherIn({ context }: Room, own: string): string | undefined {
  if (context.state === 'newer') return undefined;
  return context.state.pair?.find((identity) => identity !== own);
}

/** @returns the identity key of this device's person in a room; undefined if it isn't in it */
export function ownIdentity(room: Room): string | undefined {
  return membersOf(room).find(({ self }) => self)?.identity;
}

/** What a room is called on this device: by its state, or as the other person of a direct room. Undefined as long as that isn't known. */
export function calledBy(room: Room): string | undefined {
  if (room.context.state === 'newer') return undefined;
  const { pair, name } = room.context.state;
  if (pair === undefined) return name;
  const other = membersOf(room).find(({ own, identity }) => !own && pair.includes(identity));
  return other && nameOf(room, other);
}

/** Whether a room is a direct one whose other person has no device in it yet, so that nobody could read what is said. */
export function awaitsOther(room: Room): boolean {
  if (room.context.state === 'newer' || room.context.state.pair === undefined) return false;
  return membersOf(room).every(({ own }) => own);
}
