import type { DownOf } from '@gochat/protocol/down';
import { signedKnock } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { encodeNote } from '../room/handshake-note.ts';
import { provenInvite } from '../room/invite-proof.ts';
import { liveInvites } from '../room/invites.ts';
import { type Place, type Places, takePlace } from '../room/places.ts';
import { positionText } from '../room/positions.ts';
import { lifetimeSec } from '../room/retention.ts';
import { type RoomHead, refreshedRoomHeadOf, roomHeadOf } from '../room/room-head.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from './handler.ts';

/** How often a knock is appended again, because a handshake came first. */
const APPEND_TRIES = 8;

/** Appends the request of somebody who has an invite that needs approval. */
export const knock: Handler<'knock'> = async (session, frame) => {
  const { log, state, rates, limits, now } = session.node;
  await rates.take('invite', session.address);
  const dialled = session.useNonce(frame.nonce);
  const head = await refreshedRoomHeadOf(log, state, frame.room);
  const live = liveInvites(head.record.invites, now()).filter((invite) => invite.knock === true);
  provenInvite(live, frame.invite, signedKnock(dialled, frame), frame.proof);
  const places = {
    ...{ room: frame.room, key: 'knocks', most: limits.knocksWaiting, forMs: limits.knockWaitMs },
    // An order that ends an invite makes place.
    counts: (place: Place) => live.some(({ invite }) => invite === place.invite),
    before: () => rates.take('knock', session.address),
    full: () => new Refusal('full', 'too many people wait to be let into this room'),
  };
  session.later(frame.id, append(session.node, frame, head, places));
};

async function append(
  node: NodeContext,
  frame: UpOf<'knock'>,
  first: RoomHead,
  places: Places,
): Promise<DownOf<'ack'>> {
  const { log, state, now } = node;
  await takePlace(state, places, { id: frame.id, at: now(), invite: frame.invite });
  let head = first;
  for (let tries = 0; tries < APPEND_TRIES; tries += 1) {
    const result = await log.append(frame.room, knockAfter(head, frame, node));
    if ('pos' in result)
      return { type: 'ack', id: frame.id, seq: positionText(result.pos), at: result.at, dup: result.dup };
    head = await roomHeadOf(log, frame.room);
  }
  throw new Refusal('unavailable', 'handshakes came first: repeat the request');
}

function knockAfter({ handshake, record }: RoomHead, frame: UpOf<'knock'>, node: NodeContext) {
  const { retainSec, limits } = node;
  const keepSec = Math.ceil(limits.knockKeepMs / 1000);
  const note = encodeNote({ invite: frame.invite });
  return {
    kind: 'knock' as const,
    id: frame.id,
    base: handshake,
    body: Buffer.from(frame.body, 'base64url'),
    ...(note !== undefined && { note }),
    ttlSec: lifetimeSec(Math.min(retainSec ?? keepSec, keepSec), record.rules) ?? keepSec,
  };
}
