import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import { signedAdmin, signedHandshake, signedRefresh } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { handOver } from './admin-key.ts';
import { publish } from './groupinfo.ts';
import { cleanName } from './identity.ts';
import { type InviteKeys, inviteKeys, wrapPublicKey } from './invite.ts';
import { epochKeys } from './keys.ts';
import { commit, type Proposal } from './mls.ts';
import { newId } from './new-id.ts';
import { mayChangeState } from './policy.ts';
import { type Env, type SigningKey, sha256, sign, signingKey } from './primitives.ts';
import {
  before,
  epochOf,
  invitesOf,
  type Member,
  memberAt,
  membersOf,
  ownLeaf,
  type Room,
  RoomError,
  stateOf,
} from './room.ts';
import { cleanTopic, contextExtensions, type MemberInvite, type RoomState } from './room-state.ts';
import { sealBody } from './seal.ts';

/** A handshake to persist and send: the room waits for its place in the log. */
export interface Started {
  readonly room: Room;
  readonly frame: UpOf<'handshake'>;
}

/** What a new invite grants at the server, besides its keys. */
export interface InviteTerms {
  /** Milliseconds since 1970. */
  readonly expires?: number;
  readonly uses?: number;
}

interface Change {
  readonly intent: 'heal' | 'remove' | 'state';
  readonly proposals: Proposal[];
  /** The invites that are live behind it, which may redeem the new GroupInfo. */
  readonly invites: readonly MemberInvite[];
  readonly fresh?: { readonly keys: InviteKeys; readonly terms: InviteTerms };
  readonly retire?: boolean;
  /** Authenticated data of the commit. */
  readonly aad?: Uint8Array;
  /** The admins' key at the server from then on. */
  readonly admin?: SigningKey;
}

function self(room: Room): Member {
  const own = memberAt(room, ownLeaf(room));
  if (own === undefined) throw new RoomError('not-member');
  return own;
}

/** An empty commit: rotates this device's keys, so that what was stolen before is worth nothing after. */
export function heal(room: Room, env: Env): Promise<Started> {
  return start(room, { intent: 'heal', proposals: [], invites: invitesOf(room) }, env);
}

/**
 * Removes one leaf, retires every access key and voids every invite.
 * @throws RoomError `not-admin`, `not-member`, `not-active`
 */
export function remove(room: Room, device: string, env: Env): Promise<Started> {
  if (room.admin === undefined || !self(room).admin) {
    throw keyless(room);
  }
  const target = membersOf(room).find((m) => m.device === device);
  if (target === undefined) throw new RoomError('no-such-member');
  if (target.self) throw new RoomError('self-removal');
  if (mightLockOut(room, target)) throw new RoomError('change-unconfirmed');
  const proposals: Proposal[] = [{ proposalType: 'remove', remove: { removed: target.leaf } }];
  return start(room, { intent: 'remove', proposals, invites: [], retire: true }, env);
}

/** Who joined anew is an admin still, by its identity, and has lost the key. */
function keyless(room: Room): RoomError {
  return new RoomError(self(room).admin ? 'admin-key-missing' : 'not-admin');
}

/** Whether members may be in an epoch that this device can't follow: the server would retire the keys that they have. */
function mightLockOut({ doubt, ...room }: Room, target: Member): boolean {
  if (doubt === undefined) return false;
  return membersOf({ ...room, doubt }).some(
    (m) => !m.self && m.device !== doubt.by && m.device !== target.device,
  );
}

/**
 * Makes an invite: its public halves go into the room state, and to the server with its terms.
 * @param secret 16 random bytes: they go into the link and nowhere else.
 * @throws RoomError `too-many` when the room has 16 live ones.
 */
export async function invite(room: Room, secret: Uint8Array, terms: InviteTerms, env: Env): Promise<Started> {
  const keys = inviteKeys(secret);
  const state = settled(room);
  if (state.invites.length >= LIMITS.invitesPerRoom) {
    throw new RoomError('invites-full');
  }
  const fresh: MemberInvite = {
    id: keys.id,
    join: encodeBytes(keys.join.publicKey),
    wrap: encodeBytes(await wrapPublicKey(keys)),
    epoch: Number(epochOf(room)),
    by: self(room).identity,
  };
  const next = { ...state, invites: [...state.invites, fresh] };
  return changeState(room, next, env, { fresh: { keys, terms } });
}

/** Withdraws invites: one's own, or as an admin anybody's. @throws RoomError `bad-invite`, `not-admin` */
export function revoke(room: Room, ids: readonly string[], env: Env): Promise<Started> {
  const state = settled(room);
  for (const id of ids) {
    if (!state.invites.some((i) => i.id === id)) throw new RoomError('no-such-invite');
  }
  return changeState(room, { ...state, invites: state.invites.filter((i) => !ids.includes(i.id)) }, env);
}

/**
 * Renames the room, or says what it is about. An empty topic ends it.
 * @throws RoomError `not-admin`; NameError
 */
export async function configure(
  room: Room,
  { name, topic }: { readonly name?: string; readonly topic?: string },
  env: Env,
): Promise<Started> {
  const { topic: now, ...state } = settled(room);
  const next = topic === undefined ? now : cleanTopic(topic);
  return changeState(
    room,
    {
      ...state,
      ...(name !== undefined && { name: cleanName(name) }),
      ...(next !== undefined && { topic: next }),
    },
    env,
  );
}

/**
 * Makes a member an admin and hands it the admins' key at the server; one who is admin already gets the key again. Or ends that it is
 * one, with another key for those who remain.
 * @throws RoomError `not-admin`, `not-member`, `too-many`
 */
export async function setAdmin(room: Room, device: string, admin: boolean, env: Env): Promise<Started> {
  if (room.admin === undefined || !self(room).admin) throw keyless(room);
  const target = membersOf(room).find((m) => m.device === device);
  if (target === undefined) throw new RoomError('no-such-member');
  const state = settled(room);
  const others = state.admins.filter((identity) => identity !== target.identity);
  if (!admin && !membersOf(room).some((m) => others.includes(m.identity))) throw new RoomError('last-admin');
  const admins = admin ? [...others, target.identity].sort() : others;
  if (admins.length > LIMITS.adminsPerRoom) throw new RoomError('admins-full');
  const key = admin ? room.admin : signingKey(env.random(32));
  const given = membersOf(room).filter((m) =>
    admin ? m.identity === target.identity && !m.self : !m.self && others.includes(m.identity),
  );
  const aad = await handOver(
    room,
    given.map((m) => m.device),
    key,
  );
  return changeState(room, { ...state, admins }, env, { aad, ...(!admin && { admin: key }) });
}

/** Drops what a Remove has voided, so that new invites can be redeemed. Any member may. */
export function reopen(room: Room, env: Env): Promise<Started> {
  return changeState(room, settled(room), env);
}

/** The room state with everything dropped that a Remove has voided. */
function settled(room: Room): RoomState {
  const state = stateOf(room);
  return room.joinsClosed ? { ...state, invites: [], lastRemoveEpoch: Number(epochOf(room)) - 1 } : state;
}

/** Turns the room state into `next`. @throws RoomError `not-admin` when policy doesn't let this member. */
function changeState(
  room: Room,
  next: RoomState,
  env: Env,
  more: Pick<Change, 'fresh' | 'aad' | 'admin'> = {},
): Promise<Started> {
  if (!mayChangeState(before(room), decodeBytes(self(room).identity), next)) {
    throw new RoomError('not-admin');
  }
  const extensions = contextExtensions(room.context.genesis, next);
  const proposals: Proposal[] = [
    { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } },
  ];
  return start(room, { intent: 'state', proposals, invites: next.invites, ...more }, env);
}

async function start(room: Room, change: Change, env: Env): Promise<Started> {
  if (room.status !== 'active' && !(room.status === 'rolled-back' && change.intent === 'heal')) {
    throw new RoomError('not-active', { cause: room.status });
  }
  if (room.pending !== undefined) throw new RoomError('pending');
  const { message, state: mls } = await commit(room.mls, change.proposals, change.aad);
  const body = sealBody(room.keys, 'handshake', room.id, message, env);
  const keys = await epochKeys(mls, room.id);
  const published = await publish(room.id, mls, keys, change.invites, env);
  const request = newId<RequestId>(env);
  const unsigned = {
    type: 'handshake' as const,
    id: request,
    room: room.id,
    after: room.base,
    key: room.key,
    body: encodeBytes(body),
    access: encodeBytes(keys.access.publicKey),
    groupInfo: published.groupInfo,
    member: published.member,
    invites: published.invites.map((grant) => withTerms(grant, change.fresh)),
  };
  const frame: UpOf<'handshake'> = {
    ...unsigned,
    proof: encodeBytes(sign(room.accessKey, signedHandshake(unsigned))),
    ...((change.retire === true || change.admin !== undefined) && { admin: order(room, unsigned, change) }),
  };
  const pending = {
    intent: change.intent,
    request,
    after: room.base,
    hash: encodeBytes(sha256(body)),
    mls,
    ...(change.admin && { admin: change.admin }),
  };
  return { room: { ...room, pending }, frame };
}

function withTerms(
  grant: UpOf<'handshake'>['invites'][number],
  fresh: Change['fresh'],
): UpOf<'handshake'>['invites'][number] {
  if (fresh === undefined || grant.invite !== fresh.keys.id) return grant;
  return { ...grant, join: encodeBytes(fresh.keys.join.publicKey), ...fresh.terms };
}

/** What an admin orders of the server: to retire access keys, or to know another admin key. */
function order(room: Room, unsigned: Omit<UpOf<'handshake'>, 'proof' | 'admin'>, change: Change) {
  if (room.admin === undefined) throw keyless(room);
  const block = {
    key: encodeBytes(room.admin.publicKey),
    retire: change.retire === true,
    ...(change.admin && { admins: [encodeBytes(change.admin.publicKey)] }),
  };
  return { ...block, proof: encodeBytes(sign(room.admin, signedAdmin(unsigned, block))) };
}

/** Gives up a handshake that the server has refused for good: its outcome is known, and it is not in the log. */
export function abandon(room: Room): Room {
  return { ...room, pending: undefined };
}

/** Publishes this epoch's GroupInfo again, where what the server holds doesn't let a joiner in. */
export async function refresh(room: Room, env: Env): Promise<UpOf<'refresh'>> {
  const published = await publish(room.id, room.mls, room.keys, invitesOf(room), env);
  const unsigned = {
    type: 'refresh' as const,
    id: newId<RequestId>(env),
    room: room.id,
    after: room.base,
    key: room.key,
    ...published,
  };
  return { ...unsigned, proof: encodeBytes(sign(room.accessKey, signedRefresh(unsigned))) };
}
