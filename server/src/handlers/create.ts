import { signedCreate } from '@gochat/protocol/signed';
import { isToken } from '../operate/create-token.ts';
import { appendHandshake } from '../room/handshake-append.ts';
import { mergeInvites } from '../room/invites.ts';
import { NO_RETIREMENTS } from '../room/retirements.ts';
import { encodeRecord } from '../room/room-record.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof } from '../session/refusals.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

export const create: Handler<'create'> = async (session, frame) => {
  const { log, rates, limits, createToken, now } = session.node;
  await rates.take('create', session.address);
  if (createToken !== undefined && !isToken(createToken, frame.token ?? ''))
    throw new Refusal('token', 'creating a room on this server requires its token');
  const admin = publicKeyOf(Buffer.from(frame.admin, 'base64url'));
  if (!verifies(admin, signedCreate(frame), frame.proof)) throw badProof();
  const { groupInfo, member } = frame;
  const invites = mergeInvites([], frame.invites, now(), limits.inviteLifetimeMs);
  const record = { retirements: NO_RETIREMENTS, admins: [frame.admin], groupInfo, member, invites };
  session.later(
    frame.id,
    appendHandshake(log, frame, {
      after: 0,
      state: encodeRecord(record, false),
      retires: false,
      lost: () => new Refusal('exists', 'the room id is taken'),
    }),
  );
};
