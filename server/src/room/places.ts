import type { InviteId, RequestId, RoomId } from '@gochat/protocol/fields';
import type { RoomState } from '../log/log.ts';
import { Refusal } from '../session/refusal.ts';

/** One of a few requests that a room allows in a time. */
export interface Place {
  readonly id: RequestId;
  /** When it was taken, in milliseconds since 1970. */
  readonly at: number;
  readonly invite?: InviteId;
}

export interface Places {
  readonly room: RoomId;
  /** Where they are stored in the room's state. */
  readonly key: string;
  readonly most: number;
  /** How long a place is taken. */
  readonly forMs: number;
  /** Whether a place still counts. Absent: all do. */
  readonly counts?: (place: Place) => boolean;
  /** Called before a request takes a place. What it throws is thrown. */
  readonly before?: () => Promise<void>;
  /** Makes the refusal when all places are taken. @param freeInMs until the first is free again */
  readonly full: (freeInMs: number) => Refusal;
}

/** How often a place is tried for while others take one at the same time. */
const PUT_TRIES = 8;

/** Takes a place for a request. One that has a place keeps it. All nodes count together. @throws Refusal that `full` makes */
export async function takePlace(
  state: RoomState,
  { room, key, most, forMs, counts = () => true, before, full }: Places,
  place: Place,
): Promise<void> {
  for (let tries = 0; tries < PUT_TRIES; tries += 1) {
    const stored = await state.get(room, key);
    const known: readonly Place[] =
      stored === undefined ? [] : JSON.parse(Buffer.from(stored.value).toString());
    const taken = known.filter((one) => one.at + forMs > place.at && counts(one));
    if (taken.some(({ id }) => id === place.id)) return;
    if (tries === 0) await before?.();
    if (taken.length >= most) throw full(Math.min(place.at, ...taken.map(({ at }) => at)) + forMs - place.at);
    const value = Buffer.from(JSON.stringify([...taken, place]));
    const options = { revision: stored?.revision ?? 'absent', ttlSec: Math.ceil(forMs / 1000) };
    if ((await state.put(room, key, value, options)) !== 'conflict') return;
  }
  throw new Refusal('unavailable', 'others came first: repeat the request');
}
