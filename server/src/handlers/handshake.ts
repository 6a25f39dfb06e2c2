import { signedAdmin, signedHandshake } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import type { LogPosition } from '../log/log.ts';
import { appendHandshake } from '../room/handshake-append.ts';
import { mergeInvites } from '../room/invites.ts';
import { positionOf } from '../room/positions.ts';
import { lastRetirement } from '../room/retirements.ts';
import { type RoomHead, refreshedRoomHeadOf, refuseRetired } from '../room/room-head.ts';
import { encodeRecord, type RoomRecord } from '../room/room-record.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof, conflict, retiredKey } from '../session/refusals.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

export const handshake: Handler<'handshake'> = async (session, frame) => {
  const { log, state, rates, keys } = session.node;
  await rates.take('proof', session.address);
  const [key, after] = [positionOf(frame.key), positionOf(frame.after)];
  const { admin, ...request } = frame;
  const access = await keys.at(frame.room, key);
  if (!verifies(access, signedHandshake(request), frame.proof)) throw badProof();
  const head = await refreshedRoomHeadOf(log, state, frame.room);
  if (head.handshake < after) throw conflict(head.handshake);
  const retires = admin?.retire ?? false;
  // The last handshake never moves back, so this one can't be appended any more. It may still be a repeat of one that was.
  if (head.handshake > after) {
    const lost = (now: LogPosition) =>
      key < lastRetirement(head.record.retirements) ? retiredKey() : conflict(now);
    const terms = { after, state: head.state, retires, lost };
    return session.later(frame.id, appendHandshake(log, frame, terms));
  }
  refuseRetired(head, key);
  const next = encodeRecord(nextRecord(head, frame, session.node), retires);
  session.later(frame.id, appendHandshake(log, frame, { after, state: next, retires, lost: conflict }));
};

/** @throws Refusal when the request contradicts the room */
function nextRecord(
  { record }: RoomHead,
  frame: UpOf<'handshake'>,
  { now, limits }: Pick<NodeContext, 'now' | 'limits'>,
): RoomRecord {
  const { admin, ...request } = frame;
  if (admin !== undefined) {
    if (!record.admins.includes(admin.key))
      throw new Refusal('refused', 'the key is not an admin key of this room');
    const key = publicKeyOf(Buffer.from(admin.key, 'base64url'));
    if (!verifies(key, signedAdmin(request, admin), admin.proof))
      throw new Refusal('refused', "the admin's proof is not valid");
    if (admin.retire && frame.invites.length > 0)
      throw new Refusal('invalid', 'a removal voids every invite: list none');
  }
  const invites = mergeInvites(record.invites, frame.invites, now(), limits.inviteLifetimeMs);
  const admins = admin?.admins ?? record.admins;
  return { ...record, admins, groupInfo: frame.groupInfo, member: frame.member, invites };
}
