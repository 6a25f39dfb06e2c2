import type { DownOf } from '@gochat/protocol/down';
import { signedKnock } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { encodeNote } from '../room/handshake-note.ts';
import { provenInvite } from '../room/invite-proof.ts';
import { liveInvites } from '../room/invites.ts';
import { positionText } from '../room/positions.ts';
import { lifetimeSec } from '../room/retention.ts';
import { type RoomHead, refreshedRoomHeadOf, roomHeadOf } from '../room/room-head.ts';
import { takePlace } from '../room/waiting-knocks.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import type { Session } from '../session/session.ts';
import type { Handler } from './handler.ts';

/** How often a knock is appended anew, because a handshake came first. */
const APPEND_TRIES = 8;

/** Appends the request of somebody who has an invite that needs approval. */
export const knock: Handler<'knock'> = async (session, frame) => {
  const { log, state, rates, now } = session.node;
  await rates.take('invite', session.address);
  const dialled = session.useNonce(frame.nonce);
  const head = await refreshedRoomHeadOf(log, state, frame.room);
  const live = liveInvites(head.record.invites, now()).filter((invite) => invite.knock === true);
  provenInvite(live, frame.invite, signedKnock(dialled, frame), frame.proof);
  const place = {
    ...{ room: frame.room, id: frame.id, invite: frame.invite, now: now() },
    live: new Set(live.map(({ invite }) => invite)),
  };
  session.later(frame.id, append(session, frame, head, place));
};

async function append(
  { node, address }: Session,
  frame: UpOf<'knock'>,
  first: RoomHead,
  place: Parameters<typeof takePlace>[2],
): Promise<DownOf<'ack'>> {
  const { log, state, limits, rates } = node;
  await takePlace(state, limits, place, () => rates.take('knock', address));
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
