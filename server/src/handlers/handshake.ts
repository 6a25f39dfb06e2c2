import type { Down } from '@gochat/protocol/down';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { signedAdmin, signedCreate, signedHandshake, signedRefresh } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import type { HandshakeAppend, LogPosition } from '../log/log.ts';
import { isToken } from '../operate/create-token.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { lastRetirement, NO_RETIREMENTS } from '../room/retirements.ts';
import {
  type RoomHead,
  readRefresh,
  refreshedRoomHeadOf,
  refuseRetired,
  roomHeadOf,
  writeRefresh,
} from '../room/room-head.ts';
import { encodeRecord, mergeInvites, type RoomRecord, refuseRepeats } from '../room/room-record.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from '../session/requests.ts';
import type { Session } from '../session/session.ts';
import { publicKeyOf, verifies } from '../session/signature.ts';

const PUT_TRIES = 8;

export const create: Handler<'create'> = async (session, frame) => {
  const { relay } = session;
  await relay.rates.take('create', session.address);
  if (relay.createToken !== undefined && !isToken(relay.createToken, frame.token ?? ''))
    throw new Refusal('token', 'this server makes rooms only for those who name its token');
  const admin = publicKeyOf(Buffer.from(frame.admin, 'base64url'));
  if (!verifies(admin, signedCreate(frame), frame.proof))
    throw new Refusal('refused', 'the proof does not hold');
  const { groupInfo, member } = frame;
  const invites = mergeInvites([], frame.invites, relay.now(), relay.limits.inviteLifetimeMs);
  const record = { retirements: NO_RETIREMENTS, admins: [frame.admin], groupInfo, member, invites };
  const taken = () => new Refusal('exists', 'the room id is taken');
  session.later(frame.id, appendHandshake(session, frame, 0, encodeRecord(record, false), false, taken));
};

export const handshake: Handler<'handshake'> = async (session, frame) => {
  const { relay } = session;
  await relay.rates.take('proof', session.address);
  const [key, after] = [positionOf(frame.key), positionOf(frame.after)];
  const { admin, ...request } = frame;
  const access = await relay.keys.at(frame.room, key);
  if (!verifies(access, signedHandshake(request), frame.proof))
    throw new Refusal('refused', 'the proof does not hold');
  const standing = await refreshedRoomHeadOf(relay.log, relay.state, frame.room);
  if (standing.handshake < after) throw conflict(standing.handshake);
  // The last handshake never goes back: this can't be appended any more, but it may be a repeat of what was.
  if (standing.handshake > after) {
    const lost = (now: LogPosition) =>
      key < lastRetirement(standing.record.retirements) ? retiredKey() : conflict(now);
    const work = appendHandshake(session, frame, after, standing.state, admin?.retire ?? false, lost);
    return session.later(frame.id, work);
  }
  refuseRetired(standing, key);
  const record = nextRecord(standing, frame, relay);
  const retires = admin?.retire ?? false;
  session.later(
    frame.id,
    appendHandshake(session, frame, after, encodeRecord(record, retires), retires, conflict),
  );
};

/** @throws Refusal when the request contradicts the room. */
function nextRecord(
  { record }: RoomHead,
  frame: UpOf<'handshake'>,
  { now, limits }: Pick<NodeContext, 'now' | 'limits'>,
): RoomRecord {
  const { admin, ...request } = frame;
  if (admin !== undefined) {
    if (!record.admins.includes(admin.key)) throw new Refusal('refused', 'the admin key is not of this room');
    const key = publicKeyOf(Buffer.from(admin.key, 'base64url'));
    if (!verifies(key, signedAdmin(request, admin), admin.proof)) {
      throw new Refusal('refused', "the admin's proof does not hold");
    }
    if (admin.retire && frame.invites.length > 0)
      throw new Refusal('invalid', 'a removal voids every invite');
  }
  const invites = mergeInvites(record.invites, frame.invites, now(), limits.inviteLifetimeMs);
  const admins = admin?.admins ?? record.admins;
  return { ...record, admins, groupInfo: frame.groupInfo, member: frame.member, invites };
}

export interface HandshakeRequest {
  readonly id: RequestId;
  readonly room: RoomId;
  readonly body: string;
  readonly access: string;
}

/** @param lost what to answer when another handshake stands at the position given to it. */
export async function appendHandshake(
  session: Session,
  frame: HandshakeRequest,
  after: LogPosition,
  state: Uint8Array,
  retires: boolean,
  lost: (now: LogPosition) => Refusal,
): Promise<Down> {
  const entry: HandshakeAppend = {
    id: frame.id,
    body: Buffer.from(frame.body, 'base64url'),
    access: Buffer.from(frame.access, 'base64url'),
    retires,
    state,
  };
  const result = await session.relay.log.handshake(frame.room, after, entry);
  if ('conflict' in result) throw lost(result.conflict);
  return { type: 'ack', id: frame.id, seq: positionText(result.pos), at: result.at, dup: result.dup };
}

export function conflict(handshake: LogPosition): Refusal {
  return new Refusal('conflict', 'another handshake stands behind the one that this follows', { handshake });
}

function retiredKey(): Refusal {
  return new Refusal('retired', 'a removal retired this access key; prove a newer one');
}

export const refresh: Handler<'refresh'> = async (session, frame) => {
  const { relay } = session;
  await relay.rates.take('proof', session.address);
  const access = await relay.keys.at(frame.room, positionOf(frame.key));
  if (!verifies(access, signedRefresh(frame), frame.proof))
    throw new Refusal('refused', 'the proof does not hold');
  refuseRepeats(frame.invites);
  session.later(frame.id, refreshed(session, frame));
};

async function refreshed(session: Session, frame: UpOf<'refresh'>): Promise<Down> {
  const { log, state, now } = session.relay;
  const { id, room, groupInfo, member } = frame;
  const after = positionOf(frame.after);
  for (let tries = 0; tries < PUT_TRIES; tries += 1) {
    const { refresh: present, revision } = await readRefresh(state, room);
    if (present?.id === id) return { type: 'ack', id, seq: frame.after, at: present.at, dup: true };
    const standing = await roomHeadOf(log, room);
    if (standing.handshake !== after) throw conflict(standing.handshake);
    refuseRetired(standing, positionOf(frame.key));
    const known = new Set(
      present?.handshake === after
        ? present.invites.map((i) => i.invite)
        : standing.record.invites.map((i) => i.invite),
    );
    const invites = frame.invites
      .filter((i) => known.has(i.invite))
      .map(({ invite, wrapped }) => ({ invite, wrapped }));
    const at = now();
    const value = { v: 1, handshake: after, id, at, groupInfo, member, invites } as const;
    if (await writeRefresh(state, room, value, revision))
      return { type: 'ack', id, seq: frame.after, at, dup: false };
  }
  throw new Refusal('conflict', 'another refresh won', { handshake: after });
}
