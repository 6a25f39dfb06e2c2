import { signedInvitation } from '@gochat/protocol/signed';
import { provenInvite } from '../room/invite-proof.ts';
import { liveInvites, publicInvites } from '../room/invites.ts';
import { positionText } from '../room/positions.ts';
import { refreshedRoomHeadOf } from '../room/room-head.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from './handler.ts';

export const invitation: Handler<'invitation'> = async (session, frame) => {
  const { log, state, rates, now } = session.node;
  await rates.take('invite', session.address);
  const dialled = session.useNonce(frame.nonce);
  const { handshake, record } = await refreshedRoomHeadOf(log, state, frame.room);
  const live = liveInvites(record.invites, now());
  const { wrapped } = provenInvite(live, frame.invite, signedInvitation(dialled, frame), frame.proof);
  if (wrapped === undefined)
    throw new Refusal('no-wrap', 'no member has wrapped the key for this invite yet; ask again later');
  session.send({
    type: 'groupinfo',
    id: frame.id,
    room: frame.room,
    handshake: positionText(handshake),
    groupInfo: record.groupInfo,
    wrapped,
    invites: publicInvites(live),
  });
};
