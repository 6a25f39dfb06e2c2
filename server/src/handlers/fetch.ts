import { liveInvites, memberInvites } from '../room/invites.ts';
import { positionText } from '../room/positions.ts';
import { refreshedRoomHeadOf, refuseRetired } from '../room/room-head.ts';
import { readableRoom } from '../session/entered-room.ts';
import type { Handler } from './handler.ts';

/** For members only: `member` is the GroupInfo's key, wrapped to them. */
export const fetch: Handler<'fetch'> = async (session, frame) => {
  const { log, state, now } = session.node;
  const { subscription } = readableRoom(session.rooms, frame.room);
  const head = await refreshedRoomHeadOf(log, state, frame.room);
  refuseRetired(head, subscription.key);
  const { groupInfo, member, invites } = head.record;
  session.send({
    type: 'groupinfo',
    id: frame.id,
    room: frame.room,
    handshake: positionText(head.handshake),
    groupInfo,
    member,
    invites: memberInvites(liveInvites(invites, now())),
  });
};
