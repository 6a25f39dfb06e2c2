import { signedCreate, signedCreateBy } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { isToken } from '../operate/create-token.ts';
import { appendHandshake } from '../room/handshake-append.ts';
import { mergeInvites } from '../room/invites.ts';
import { positionOf } from '../room/positions.ts';
import { NO_RETIREMENTS } from '../room/retirements.ts';
import { refuseRetired, roomHeadOf } from '../room/room-head.ts';
import { encodeRecord } from '../room/room-record.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof } from '../session/refusals.ts';
import type { Session } from '../session/session.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

export const create: Handler<'create'> = async (session, frame) => {
  const { log, rates, limits, createToken, now } = session.node;
  await rates.take('create', session.address);
  if (createToken !== undefined && !isToken(createToken, frame.token ?? ''))
    throw new Refusal('token', 'creating a room on this server requires its token');
  const admin = publicKeyOf(Buffer.from(frame.admin, 'base64url'));
  if (!verifies(admin, signedCreate(frame), frame.proof)) throw badProof();
  if (frame.by !== undefined) await checkMembership(session, frame, frame.by);
  const { groupInfo, member, keepers, rules } = frame;
  const terms = { now: now(), lifetimeMs: limits.inviteLifetimeMs, complete: true };
  const record = {
    retirements: NO_RETIREMENTS,
    admins: [frame.admin],
    ...(keepers !== undefined && { keepers }),
    ...(rules !== undefined && { rules }),
    groupInfo,
    member,
    invites: mergeInvites([], frame.invites, terms),
  };
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

/** Checks that the creator has a live access key of another room. @throws Refusal */
async function checkMembership(
  session: Session,
  frame: UpOf<'create'>,
  by: NonNullable<UpOf<'create'>['by']>,
): Promise<void> {
  const { log, rates, keys } = session.node;
  await rates.take('proof', session.address);
  const dialled = session.useNonce(by.nonce);
  const key = positionOf(by.key);
  const access = await keys.at(by.room, key);
  if (!verifies(access, signedCreateBy(dialled, frame, by), by.proof)) throw badProof();
  refuseRetired(await roomHeadOf(log, by.room), key);
}
