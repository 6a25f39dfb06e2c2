import type { InviteId, RequestId, RoomId } from '@gochat/protocol/fields';
import type { RoomState } from '../log/log.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Refusal } from '../session/refusal.ts';

interface WaitingKnock {
  readonly id: RequestId;
  readonly invite: InviteId;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const KEY = 'knocks';
/** How often a place is tried for while others take one at the same time. */
const PUT_TRIES = 8;

export interface KnockPlace {
  readonly room: RoomId;
  readonly id: RequestId;
  readonly invite: InviteId;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The room's live invites. Knocks by others don't wait any more. */
  readonly live: ReadonlySet<InviteId>;
}

/**
 * Takes a place among the knocks that wait in a room, for `knockWaitMs`. A knock that has one keeps it.
 * @param count called for a knock that has no place yet. What it throws is thrown
 * @throws Refusal `full` when all places are taken
 */
export async function takePlace(
  state: RoomState,
  { knocksWaiting, knockWaitMs }: ServerLimits,
  { room, id, invite, now, live }: KnockPlace,
  count: () => Promise<void>,
): Promise<void> {
  for (let tries = 0; tries < PUT_TRIES; tries += 1) {
    const stored = await state.get(room, KEY);
    const known: readonly WaitingKnock[] =
      stored === undefined ? [] : JSON.parse(Buffer.from(stored.value).toString());
    const waiting = known.filter((knock) => knock.at + knockWaitMs > now && live.has(knock.invite));
    if (waiting.some((knock) => knock.id === id)) return;
    if (tries === 0) await count();
    if (waiting.length >= knocksWaiting)
      throw new Refusal('full', 'too many people wait to be let into this room');
    const value = Buffer.from(JSON.stringify([...waiting, { id, invite, at: now }]));
    const options = { revision: stored?.revision ?? 'absent', ttlSec: Math.ceil(knockWaitMs / 1000) };
    if ((await state.put(room, KEY, value, options)) !== 'conflict') return;
  }
  throw new Refusal('unavailable', 'others knock at the same time: repeat the request');
}
