import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import { signedHandshake, signedOrder, signedRefresh } from '@gochat/protocol/signed';
import type { Order, UpOf } from '@gochat/protocol/up';
import { handOver } from './admin-key.ts';
import { publish } from './groupinfo.ts';
import { type Identity, renewedLeaf } from './identity.ts';
import { type InviteKeys, inviteKeys, wrapPublicKey } from './invite.ts';
import { epochKeys } from './keys.ts';
import { commit, type Proposal } from './mls.ts';
import { cleanName, cleanTopic } from './names.ts';
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
  ownCredential,
  ownLeaf,
  type Room,
  stateOf,
} from './room.ts';
import { RoomError } from './room-error.ts';
import { contextExtensions, type MemberInvite, type RoomState } from './room-state.ts';
import { sealBody } from './seal.ts';

/** A handshake to persist and send. It is pending in `room` until this device reads it in the log. */
export interface Started {
  readonly room: Room;
  readonly frame: UpOf<'handshake'>;
}

/** The terms that the server enforces for a new invite. */
export interface InviteTerms {
  /** Milliseconds since 1970. */
  readonly expires?: number;
  readonly uses?: number;
}

interface Change {
  readonly intent: 'heal' | 'remove' | 'state';
  readonly proposals: Proposal[];
  /** The invites that are live after the commit; each gets a wrapped key of the new GroupInfo. */
  readonly invites: readonly MemberInvite[];
  readonly fresh?: { readonly keys: InviteKeys; readonly terms: InviteTerms };
  readonly retire?: boolean;
  /** Whether the invites that are not listed end at the server, if this device has the admin key. Without, they only lose their wrapped key. */
  readonly complete?: boolean;
  /** Whose leaf gets new keys; required for a commit with a path, and so for all but `state`. */
  readonly who?: Identity;
  /** Authenticated data of the commit. */
  readonly aad?: Uint8Array;
  /** The room's admin key after the commit, if the commit replaces it. */
  readonly admin?: SigningKey;
}

function self(room: Room): Member {
  const own = memberAt(room, ownLeaf(room));
  if (own === undefined) throw new RoomError('not-member');
  return own;
}

/**
 * Makes an empty commit, which replaces the keys of this device's leaf. With keys stolen earlier, nobody can read the next epoch or
 * sign in it.
 */
export function heal(room: Room, who: Identity, env: Env): Promise<Started> {
  return start(room, { intent: 'heal', proposals: [], invites: invitesOf(room), who }, env);
}

/**
 * Removes one leaf, retires every access key and voids every invite.
 * @throws RoomError `not-admin`, `admin-key-missing`, `no-such-member`, `self-removal`, `change-unconfirmed`, `not-active`, `pending`
 */
export function remove(room: Room, who: Identity, device: string, env: Env): Promise<Started> {
  if (room.admin === undefined || !self(room).admin) {
    throw missingAdminRights(room);
  }
  const target = membersOf(room).find((m) => m.device === device);
  if (target === undefined) throw new RoomError('no-such-member');
  if (target.self) throw new RoomError('self-removal');
  if (mightLockOut(room, target)) throw new RoomError('change-unconfirmed');
  const proposals: Proposal[] = [{ proposalType: 'remove', remove: { removed: target.leaf } }];
  return start(room, { intent: 'remove', proposals, invites: [], retire: true, who }, env);
}

/** An admin that joined again is still an admin by its identity, but no longer has the admin key. */
function missingAdminRights(room: Room): RoomError {
  return new RoomError(self(room).admin ? 'admin-key-missing' : 'not-admin');
}

/** Whether other members may be in an epoch that this device can't follow. A removal would then retire their access keys. */
function mightLockOut({ doubt, ...room }: Room, target: Member): boolean {
  if (doubt === undefined) return false;
  return membersOf({ ...room, doubt }).some(
    (m) => !m.self && m.device !== doubt.by && m.device !== target.device,
  );
}

/**
 * Makes an invite. Its public keys go into the room state; its id, join key and terms go to the server.
 * @param secret 16 random bytes, which only the invite link may contain.
 * @throws RoomError `invites-full` if the room has 16 live invites.
 */
export async function invite(room: Room, secret: Uint8Array, terms: InviteTerms, env: Env): Promise<Started> {
  const keys = inviteKeys(secret);
  const state = withoutVoidInvites(room);
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
  // Invites that members have revoked, or that no room state has had, must not fill the server's list.
  return changeState(room, next, env, { fresh: { keys, terms }, complete: true });
}

/**
 * Revokes invites. Members may revoke their own invites, admins any invite. Members accept no join by a revoked invite. The server
 * ends it only by the order of a device that has the admin key.
 * @throws RoomError `no-such-invite`, `not-admin`
 */
export function revoke(room: Room, ids: readonly string[], env: Env): Promise<Started> {
  const state = withoutVoidInvites(room);
  for (const id of ids) {
    if (!state.invites.some((i) => i.id === id)) throw new RoomError('no-such-invite');
  }
  const next = { ...state, invites: state.invites.filter((i) => !ids.includes(i.id)) };
  return changeState(room, next, env, { complete: true });
}

/**
 * Changes the room's name or topic. An empty topic removes the topic.
 * @throws RoomError `not-admin`; NameError
 */
export async function configure(
  room: Room,
  { name, topic }: { readonly name?: string; readonly topic?: string },
  env: Env,
): Promise<Started> {
  const { topic: now, ...state } = withoutVoidInvites(room);
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
 * Adds or removes an admin. A new admin receives the admin key; an existing admin receives it again. Removing an admin replaces the
 * key, and the remaining admins receive the new one.
 * @throws RoomError `not-admin`, `admin-key-missing`, `no-such-member`, `last-admin`, `admins-full`
 */
export async function setAdmin(room: Room, device: string, admin: boolean, env: Env): Promise<Started> {
  if (room.admin === undefined || !self(room).admin) throw missingAdminRights(room);
  const target = membersOf(room).find((m) => m.device === device);
  if (target === undefined) throw new RoomError('no-such-member');
  const state = withoutVoidInvites(room);
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

/** Drops the invites that a Remove has voided, so that new invites can be redeemed. Any member may do this. */
export function reopen(room: Room, env: Env): Promise<Started> {
  return changeState(room, withoutVoidInvites(room), env);
}

/** The room state without the invites that a Remove has voided. */
function withoutVoidInvites(room: Room): RoomState {
  const state = stateOf(room);
  return room.joinsClosed ? { ...state, invites: [], lastRemoveEpoch: Number(epochOf(room)) - 1 } : state;
}

/** Commits `next` as the room state. @throws RoomError `not-admin` if the policy doesn't allow this member to. */
function changeState(
  room: Room,
  next: RoomState,
  env: Env,
  more: Pick<Change, 'fresh' | 'aad' | 'admin' | 'complete'> = {},
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
  const leaf = change.who && renewedLeaf(ownCredential(room), change.who.device, env);
  const { message, state: mls } = await commit(room.mls, change.proposals, leaf, change.aad);
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
    ...(needsOrder(room, change) && { order: makeOrder(room, unsigned, change) }),
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

function needsOrder(room: Room, { retire, admin, complete }: Change): boolean {
  if (retire === true || admin !== undefined) return true;
  return complete === true && room.admin !== undefined && self(room).admin;
}

/** The order of a handshake. The server ends the invites that such a handshake doesn't list. */
function makeOrder(room: Room, unsigned: Omit<UpOf<'handshake'>, 'proof' | 'order'>, change: Change): Order {
  if (room.admin === undefined) throw missingAdminRights(room);
  const order = {
    key: encodeBytes(room.admin.publicKey),
    ...(change.retire === true && { retire: true as const }),
    ...(change.admin && { admins: [encodeBytes(change.admin.publicKey)] }),
  };
  return { ...order, proof: encodeBytes(sign(room.admin, signedOrder(unsigned, order))) };
}

/** Drops a pending handshake that the server has refused, so that it is known not to be in the log. */
export function abandon(room: Room): Room {
  return { ...room, pending: undefined };
}

/** @returns a request that publishes this epoch's GroupInfo again, for when joiners can't use the one that the server keeps. */
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
