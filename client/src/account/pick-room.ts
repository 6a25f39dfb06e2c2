import { ChatError } from '../api/chat-error.ts';
import type { RoomInfo } from '../api/methods.ts';

/** Whether a room is over for this person: it was left, or the other person of a conversation has left it. */
export function isOver({ status, direct }: Pick<RoomInfo, 'status' | 'direct'>): boolean {
  return status === 'left' || direct?.state === 'left';
}

/** The room with this id or name, or whose id begins with it; one that was left only if no other fits as well. @throws ChatError `room-unknown`, `room-ambiguous` */
export function pickRoom<T extends { readonly id: string; readonly name: string; readonly left: boolean }>(
  rooms: readonly T[],
  wanted: string,
): T {
  // A keyboard or a file system may spell the same letter in another way.
  const name = wanted.normalize();
  const isNamed = (room: T) => room.name.normalize() === name;
  const fitting = firstNonEmpty(
    rooms.filter((room) => room.id === wanted),
    rooms.filter((room) => isNamed(room) && !room.left),
    rooms.filter(isNamed),
    rooms.filter((room) => isIdOrPrefix(room.id, wanted)),
  );
  const [one] = fitting;
  if (one === undefined) throw new ChatError({ reason: 'room-unknown', name: wanted });
  if (fitting.length > 1) {
    throw new ChatError({ reason: 'room-ambiguous', name: wanted, ids: fitting.map(({ id }) => id) });
  }
  return one;
}

/** Shorter beginnings are likely mistakes, such as an empty variable of a script. */
const LEAST_PREFIX = 4;

/** Whether the text is an id or the beginning of one. */
export function isIdOrPrefix(id: string, wanted: string): boolean {
  return id === wanted || (wanted.length >= LEAST_PREFIX && id.startsWith(wanted));
}

/** @returns the first list that isn't empty; an empty one if all are */
export function firstNonEmpty<T>(...lists: readonly (readonly T[])[]): readonly T[] {
  return lists.find((list) => list.length > 0) ?? [];
}
