import { signedInvitation } from '@gochat/protocol/signed';
import { provenInvite } from '../room/invite-proof.ts';
import { liveInvites, publicInvites } from '../room/invites.ts';
import { positionText } from '../room/positions.ts';
import { refreshedRoomHeadOf } from '../room/room-head.ts';
import type { Handler } from './handler.ts';

export const invitation: Handler<'invitation'> = async (session, frame) => {
  const { log, state, rates, now } = session.node;
  await rates.take('invite', session.address);
  const dialled = session.useNonce(frame.nonce);
  const { handshake, record } = await refreshedRoomHeadOf(log, state, frame.room);
  const live = liveInvites(record.invites, now());
  const invite = provenInvite(live, frame.invite, signedInvitation(dialled, frame), frame.proof);
  session.send({
    type: 'groupinfo',
    id: frame.id,
    room: frame.room,
    handshake: positionText(handshake),
    groupInfo: record.groupInfo,
    wrapped: invite.wrapped,
    invites: publicInvites(live),
  });
};
