import type { RoomId } from '@gochat/protocol/fields';
import { signedCreate, signedCreateBy } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { isToken } from '../operate/create-token.ts';
import { appendHandshake } from '../room/handshake-append.ts';
import { mergeInvites } from '../room/invites.ts';
import { takePlace } from '../room/places.ts';
import { positionOf } from '../room/positions.ts';
import { NO_RETIREMENTS } from '../room/retirements.ts';
import { refuseRetired, roomHeadOf } from '../room/room-head.ts';
import { encodeRecord } from '../room/room-record.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof } from '../session/refusals.ts';
import type { Session } from '../session/session.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

const DAY_MS = 24 * 3600_000;

export const create: Handler<'create'> = async (session, frame) => {
  const { log, rates, limits, createToken, membersCreate, now } = session.node;
  await rates.take('create', session.address);
  const lacksToken = createToken !== undefined && !isToken(createToken, frame.token ?? '');
  if (lacksToken && !(membersCreate && frame.by !== undefined))
    throw new Refusal('token', 'creating a room on this server requires its token');
  const admin = publicKeyOf(Buffer.from(frame.admin, 'base64url'));
  if (!verifies(admin, signedCreate(frame), frame.proof)) throw badProof();
  if (frame.by !== undefined) {
    await checkMembership(session, frame, frame.by);
    if (lacksToken) await countCreation(session.node, frame.by.room, frame.id);
  }
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

/** Counts a room that members of another one create. @throws Refusal `rate-limited` */
function countCreation(
  { state, limits, now }: NodeContext,
  room: RoomId,
  id: UpOf<'create'>['id'],
): Promise<void> {
  const places = {
    ...{ room, key: 'creations', most: limits.createsPerRoom, forMs: DAY_MS },
    full: (retryAfterMs: number) =>
      new Refusal('rate-limited', 'members of that room created too many rooms in a day', { retryAfterMs }),
  };
  return takePlace(state, places, { id, at: now() });
}

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
