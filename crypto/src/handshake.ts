import { encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { Rules } from '@gochat/protocol/rules';
import { signedHandshake, signedOrder, signedRefresh } from '@gochat/protocol/signed';
import type { Order, UpOf } from '@gochat/protocol/up';
import { handOver } from './admin-key.ts';
import { COMMIT_DATA, type CommitDataItem, encodeCommitData } from './commit-data.ts';
import { publish } from './groupinfo.ts';
import { renewedLeaf } from './identity.ts';
import { inviteKeys, wrapPublicKey } from './invite.ts';
import { epochKeys } from './keys.ts';
import { commit } from './mls/commits.ts';
import type { Proposal } from './mls/suite.ts';
import { cleanName, cleanTopic } from './names.ts';
import { newId } from './new-id.ts';
import { officeAfter, sealAdminKey } from './office.ts';
import { type HistorySetting, isSameHistory, type Packs, withoutPacks } from './packs.ts';
import { mayChangeState, mayRemove, personsIn, withoutAbsent } from './policy.ts';
import { type Env, type SigningKey, sha256, sign, signingKey } from './primitives.ts';
import {
  before,
  epochOf,
  liveInvitesOf,
  type Member,
  memberAt,
  membersOf,
  namingLeaf,
  ownCredential,
  ownInviteIn,
  ownLeaf,
  type Room,
  stateOf,
} from './room.ts';
import { RoomError } from './room-error.ts';
import { haveSameRules, type RoomRules, serverRules } from './room-rules.ts';
import { contextExtensions, isStaff, type MemberInvite, type RoomState } from './room-state.ts';
import type { SafeInvite } from './safe.ts';
import { sealBody } from './seal.ts';
import { type Role, roleOf } from './speaking.ts';
import { STATE_LIMITS } from './state-limits.ts';
import { isWaiting } from './unfollowed.ts';

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
  readonly fresh?: readonly FreshInvite[];
  /** Whether the access keys of earlier epochs end at the server. */
  readonly retire?: boolean;
  /** Whether the invites that are not listed end at the server, if this device has the admin key. Without, they only lose their wrapped key. */
  readonly complete?: boolean;
  /** Whether the committer's leaf gets new keys; true for all but `state`. */
  readonly path?: true;
  /** The leaf's name after the commit; its person's when absent. */
  readonly name?: string;
  /** What the commit says beside its proposals. */
  readonly data?: readonly CommitDataItem[];
  /** The room's admin key after the commit, if the commit replaces it. */
  readonly admin?: SigningKey;
  /** The secret of the own invite after the commit. */
  readonly own: Uint8Array | undefined;
  /** The packs that are kept after the commit, if they are others. */
  readonly packs?: Packs;
  /** What the server is to enforce after the commit, if that changes. */
  readonly rules?: Rules;
  /** Whether the committer's person gives up its office. */
  readonly stepsDown?: boolean;
}

/** An invite that the server doesn't know yet. */
interface FreshInvite {
  readonly id: string;
  /** The join key's public half, as base64url. */
  readonly join: string;
  readonly terms: InviteTerms;
}

function self(room: Room): Member {
  const own = memberAt(room, ownLeaf(room));
  if (own === undefined) throw new RoomError('not-member');
  return own;
}

/** What a heal does besides replacing this device's keys. */
export interface HealOptions {
  /** The new display name. It is the person's if this device has its {@link namingLeaf}. */
  readonly name?: string;
  /** Ends the access keys of earlier epochs; only with the admin key. */
  readonly retire?: boolean;
  /** Asks the admins to retire the access keys, because a copy of this device may exist. */
  readonly ask?: boolean;
}

/**
 * Makes an empty commit, which replaces the keys of this device's leaf. With keys stolen earlier, nobody can read the next epoch or
 * sign in it. The heal of an admin replaces the admin key too, and hands it to the other admins.
 * @throws RoomError `not-active`, `pending`; NameError
 */
export async function heal(room: Room, env: Env, { name, retire, ask }: HealOptions = {}): Promise<Started> {
  const data: CommitDataItem[] = [];
  if (ask) data.push([COMMIT_DATA.ask, new Uint8Array()]);
  if (room.own !== undefined) data.push([COMMIT_DATA.ownInvite, room.own]);
  const change: Change = {
    intent: 'heal',
    proposals: [],
    invites: liveInvitesOf(room),
    own: room.own,
    path: true,
    ...(name !== undefined && { name: cleanName(name) }),
  };
  if (room.admin === undefined || !self(room).admin) return start(room, { ...change, data }, env);
  const next = await withNewAdminKey(room, data, membersOf(room), env);
  return start(room, { ...change, ...next, ...(retire && { retire }) }, env);
}

/** A new admin key, with the data that hands it to the admins among these members. */
async function withNewAdminKey(
  room: Room,
  data: readonly CommitDataItem[],
  among: readonly Member[],
  env: Env,
): Promise<Pick<Change, 'data' | 'admin'>> {
  const admin = signingKey(env.random(32));
  const others = among.filter((m) => m.admin && !m.self);
  const parts = await handOver(
    room,
    others.map((m) => m.device),
    admin,
  );
  return { admin, data: parts.length === 0 ? data : [...data, [COMMIT_DATA.adminKey, parts]] };
}

/** How a Remove treats what the removed person knows. */
export interface RemoveOptions {
  /** Whether the invites stay valid; impossible for a person with an office. */
  readonly keep?: boolean;
  /** Removes that one device of its person. */
  readonly alone?: boolean;
}

/**
 * Removes all devices of a person, retires every access key and, without `keep`, voids every invite. Of this device's own person, and
 * with `alone`, it removes that one device.
 * @throws RoomError `not-admin`, `admin-key-missing`, `no-such-member`, `self-removal`, `not-active`, `pending`; `direct-room` of the other person
 */
export async function remove(
  room: Room,
  device: string,
  env: Env,
  { keep = false, alone = false }: RemoveOptions = {},
): Promise<Started> {
  const target = membersOf(room).find((m) => m.device === device);
  const me = self(room);
  const sibling = target !== undefined && target.identity === me.identity;
  if (!me.admin && !me.moderator && !sibling) throw new RoomError('not-admin');
  if (target === undefined) throw new RoomError('no-such-member');
  if (target.self) throw new RoomError('self-removal');
  if (me.admin && room.admin === undefined && !sibling) throw new RoomError('admin-key-missing');
  const gone = membersOf(room).filter((m) =>
    sibling || alone ? m === target : m.identity === target.identity,
  );
  const leaves = gone.map((m) => m.leaf);
  if (!mayRemove(await before(room), me.leaf, leaves, keep)) throw notAllowed(room);
  const change: Change = {
    intent: 'remove',
    proposals: leaves.map((removed) => ({ proposalType: 'remove', remove: { removed } })),
    invites: keep ? liveInvitesOf(room) : [],
    own: keep ? room.own : undefined,
    path: true,
  };
  const data: CommitDataItem[] = keep ? [[COMMIT_DATA.keep, new Uint8Array()]] : [];
  if (room.admin === undefined || !me.admin) return start(room, { ...change, data }, env);
  // Whoever held the admin key holds it still.
  const next =
    target.office === 'admin'
      ? await withNewAdminKey(
          room,
          data,
          membersOf(room).filter((m) => !gone.includes(m)),
          env,
        )
      : { data };
  return start(room, { ...change, ...next, retire: true }, env);
}

/** Why the policy lets this member not do something. In a direct room it is nobody's to do. */
function notAllowed(room: Room): RoomError {
  return new RoomError(stateOf(room).pair === undefined ? 'not-admin' : 'direct-room');
}

/** An admin that joined again is still an admin by its identity, but no longer has the admin key. */
function missingAdminRights(room: Room): RoomError {
  return new RoomError(self(room).admin ? 'admin-key-missing' : 'not-admin');
}

/**
 * Makes an invite. Its public keys go into the room state; its id, join key and terms go to the server.
 * @param secret 16 random bytes, which only the invite link may contain. @param only the identity key of the only person that may use it
 * @throws RoomError `invites-full` if the room has 15 live invites beside the own one; `links-staff`; `direct-room` unless it is for one of its two
 */
export async function invite(
  room: Room,
  secret: Uint8Array,
  terms: InviteTerms,
  env: Env,
  only?: string,
): Promise<Started> {
  const keys = inviteKeys(secret);
  const state = withoutVoidInvites(room);
  if (only === undefined && state.pair !== undefined) throw new RoomError('direct-room');
  // One place is for the own invite.
  if (state.invites.filter((i) => !i.own).length >= LIMITS.invitesPerRoom - 1) {
    throw new RoomError('invites-full');
  }
  const { admin, moderator } = self(room);
  if (state.links !== undefined && !admin && !moderator) throw new RoomError('links-staff');
  const fresh: MemberInvite = {
    id: keys.id,
    join: encodeBytes(keys.join.publicKey),
    wrap: encodeBytes(await wrapPublicKey(keys)),
    epoch: Number(epochOf(room)),
    by: self(room).identity,
    ...(only !== undefined && { for: only }),
  };
  const next = { ...state, invites: [...state.invites, fresh] };
  // Invites that members have revoked, or that no room state has had, must not fill the server's list.
  const added = [{ id: keys.id, join: fresh.join, terms }];
  return changeState(room, next, env, { fresh: added, complete: true });
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

/** What of a room is changed. `null` for a rule that doesn't apply any more. */
interface Configuration {
  readonly name?: string | undefined;
  readonly topic?: string | undefined;
  readonly history?: HistorySetting | undefined;
  readonly speak?: RoomRules['speak'] | undefined;
  /** In seconds. */
  readonly slow?: number | null | undefined;
  readonly links?: RoomRules['links'] | undefined;
  /** In seconds. */
  readonly expire?: number | null | undefined;
}

/**
 * Changes the room's name, topic or rules. An empty topic removes the topic.
 * @throws RoomError `not-admin`; NameError
 */
export async function configure(room: Room, change: Configuration, env: Env): Promise<Started> {
  const { name, topic, history, speak, slow, links, expire } = change;
  const state = withoutVoidInvites(room);
  const next: RoomState = {
    ...state,
    ...(name !== undefined && { name: cleanName(name) }),
    ...(topic !== undefined && { topic: cleanTopic(topic) }),
    ...(history !== undefined && { history: history === 'none' ? undefined : history }),
    ...(speak !== undefined && { speak: speak === 'all' ? undefined : speak }),
    ...(slow !== undefined && { slow: slow ?? undefined }),
    ...(links !== undefined && { links: links === 'all' ? undefined : links }),
    ...(expire !== undefined && { expire: expire ?? undefined }),
  };
  return changeState(room, next, env);
}

/**
 * Gives a person another role, on all its devices. A new admin receives the admin key; an existing admin receives it again. Removing an
 * admin replaces the key, and the remaining admins receive the new one.
 * @param device any device of the person, as base64url
 * @throws RoomError `not-admin`, `not-staff`, `admin-key-missing`, `no-such-member`, `last-admin`, `admins-full`, `moderators-full`, `voices-full`
 */
export async function setRole(room: Room, device: string, role: Role, env: Env): Promise<Started> {
  const me = self(room);
  const target = membersOf(room).find((m) => m.device === device);
  const isMute = role === 'observer' || role === 'member';
  if (!me.admin && !me.moderator) throw new RoomError(isMute ? 'not-staff' : 'not-admin');
  if (target === undefined) throw new RoomError('no-such-member');
  const state = withoutVoidInvites(room);
  const next = me.admin ? withRole(state, target.identity, role) : withMute(state, target.identity, role);
  if (!next.admins.some((identity) => personsIn(room.mls).has(identity))) throw new RoomError('last-admin');
  checkRoleLists(next);
  const was = roleOf(state, target.identity);
  if (was !== 'admin' && role !== 'admin') return changeState(room, next, env);
  if (room.admin === undefined || !me.admin) throw missingAdminRights(room);
  const key = role === 'admin' ? room.admin : signingKey(env.random(32));
  const given = membersOf(room).filter(
    (m) => !m.self && (role === 'admin' ? m.identity === target.identity : next.admins.includes(m.identity)),
  );
  const parts = await handOver(
    room,
    given.map((m) => m.device),
    key,
  );
  const data = [[COMMIT_DATA.adminKey, parts] as const];
  return changeState(room, next, env, { data, ...(role !== 'admin' && { admin: key }) });
}

/** The state in which a person has this role and no other. */
function withRole({ mods, voices, mutes, ...state }: RoomState, identity: string, role: Role): RoomState {
  const others = (list: readonly string[] = []) => list.filter((other) => other !== identity);
  const listed = (list: readonly string[] | undefined, of: Role) => {
    const rest = others(list);
    const next = role === of ? [...rest, identity].sort() : rest;
    return next.length === 0 ? undefined : next;
  };
  return {
    ...state,
    admins: listed(state.admins, 'admin') ?? [],
    mods: listed(mods, 'moderator'),
    voices: listed(voices, 'speaker'),
    mutes: listed(mutes, 'observer'),
  };
}

/** What a moderator changes: who is muted, of those who hold no office. A voice stays. */
function withMute(state: RoomState, identity: string, role: Role): RoomState {
  const isMute = role === 'observer';
  if ((!isMute && role !== 'member') || isStaff(state, identity)) throw new RoomError('not-admin');
  const { mutes } = withRole(state, identity, role);
  return { ...state, mutes };
}

function checkRoleLists({ admins, mods = [], voices = [], mutes = [] }: RoomState): void {
  if (admins.length > LIMITS.adminsPerRoom) throw new RoomError('admins-full');
  if (mods.length > STATE_LIMITS.moderators) throw new RoomError('moderators-full');
  if (Math.max(voices.length, mutes.length) > STATE_LIMITS.voices) throw new RoomError('voices-full');
}

/**
 * Bans an identity, or ends its ban. Whoever is in the room stays: {@link remove} it before.
 * @param fingerprint of the identity key, as base64url
 * @throws RoomError `not-staff`, `bans-full`; `not-admin` if a moderator bans an admin or moderator
 */
export async function setBan(room: Room, fingerprint: string, banned: boolean, env: Env): Promise<Started> {
  mustBeStaff(room);
  const { bans = [], ...state } = withoutVoidInvites(room);
  const others = bans.filter((other) => other !== fingerprint);
  const next = banned ? [...others, fingerprint].sort() : others;
  if (next.length > STATE_LIMITS.bans) throw new RoomError('bans-full');
  return changeState(room, { ...state, ...(next.length > 0 && { bans: next }) }, env);
}

/**
 * Pins a message, or unpins it. The newest pin is the last.
 * @param id of the message
 * @throws RoomError `not-staff`, `pins-full`
 */
export async function setPin(room: Room, id: string, pinned: boolean, env: Env): Promise<Started> {
  mustBeStaff(room);
  const { pins = [], ...state } = withoutVoidInvites(room);
  const others = pins.filter((other) => other !== id);
  const next = pinned ? [...others, id] : others;
  if (next.length > STATE_LIMITS.pins) throw new RoomError('pins-full');
  return changeState(room, { ...state, ...(next.length > 0 && { pins: next }) }, env);
}

function mustBeStaff(room: Room): void {
  const { admin, moderator } = self(room);
  if (!admin && !moderator) throw new RoomError('not-staff');
}

/**
 * Opens joins again after a Remove, with a new own invite: drops the invites that the Remove has voided, and the offices of whom it
 * has removed. Any member may do this.
 */
export function reopen(room: Room, env: Env): Promise<Started> {
  return changeState(room, withoutVoidInvites(room), env);
}

/**
 * Answers a member who asks for it: replaces the own invite, whose secret a thief may know, and retires the access keys.
 * @throws RoomError `not-admin`, `admin-key-missing`
 */
export async function answerAsk(room: Room, env: Env): Promise<Started> {
  if (room.admin === undefined || !self(room).admin) throw missingAdminRights(room);
  const state = withoutVoidInvites(room);
  const invites = state.invites.filter((i) => !i.own);
  return changeState(room, { ...state, invites }, env, { retire: true });
}

/**
 * Puts a safe into a self room's state, and the invite that opens it, for which the server keeps the GroupInfo. Another safe, and the invite of one, end.
 * @param more what {@link sealSafe} returned for the invite
 * @throws RoomError `not-admin` on a limited device
 */
export function keepSafe(
  room: Room,
  { id, join, wrap }: SafeInvite,
  more: readonly string[],
  env: Env,
): Promise<Started> {
  const { more: _, ...state } = withoutVoidInvites(room);
  const kept = state.invites.find((i) => i.id === id);
  const fresh: MemberInvite = {
    id,
    join,
    wrap,
    epoch: Number(epochOf(room)),
    by: self(room).identity,
    safe: true,
  };
  const invites = [...state.invites.filter((i) => !i.safe), kept ?? fresh];
  const added = [{ id, join, terms: {} }];
  return changeState(room, { ...state, more: [...more], invites }, env, { fresh: added, complete: true });
}

/** The room state without the invites that a Remove has voided, and without offices of persons that it has removed. */
function withoutVoidInvites(room: Room): RoomState {
  const state = stateOf(room);
  if (!room.joinsClosed) return state;
  const left = withoutAbsent(state, personsIn(room.mls));
  return { ...left, invites: [], lastRemoveEpoch: Number(epochOf(room)) - 1 };
}

/**
 * Commits `next` as the room state, with a new own invite if it has none.
 * @throws RoomError `not-admin` if the policy doesn't allow this member to; `direct-room`
 */
async function changeState(
  room: Room,
  wanted: RoomState,
  env: Env,
  more: Pick<Change, 'fresh' | 'data' | 'admin' | 'complete' | 'retire'> = {},
): Promise<Started> {
  const now = await before(room);
  const me = self(room).identity;
  const missing = wanted.invites.every((i) => !i.own) && wanted.invites.length < LIMITS.invitesPerRoom;
  const own: MemberInvite = { ...now.own, epoch: Number(epochOf(room)), by: me, own: true };
  const next = missing ? { ...wanted, invites: [...wanted.invites, own] } : wanted;
  if (!mayChangeState(now, ownCredential(room), next)) throw notAllowed(room);
  const extensions = contextExtensions(room.context.genesis, next);
  const proposals: Proposal[] = [
    { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } },
  ];
  const fresh = [...(more.fresh ?? []), ...(missing ? [{ id: own.id, join: own.join, terms: {} }] : [])];
  const change = { intent: 'state', proposals, invites: next.invites, ...more, fresh } as const;
  const stepsDown = !next.admins.includes(me);
  const packs = isSameHistory(now.state, next) ? undefined : withoutPacks(room.packs);
  const rules = haveSameRules(now.state, next) ? undefined : serverRules(next, undefined);
  const secret = missing ? room.keys.own : room.own;
  return start(
    room,
    { ...change, own: secret, stepsDown, ...(packs && { packs }), ...(rules && { rules }) },
    env,
  );
}

/** @throws RoomError `not-active`, `pending`, `change-unconfirmed` */
async function start(room: Room, change: Change, env: Env): Promise<Started> {
  if (room.status !== 'active' && !(room.status === 'rolled-back' && change.intent === 'heal')) {
    throw new RoomError('not-active', { cause: room.status });
  }
  if (room.pending !== undefined) throw new RoomError('pending');
  if (isWaiting(room, env.now())) throw new RoomError('change-unconfirmed');
  const retire: CommitDataItem[] = change.retire ? [[COMMIT_DATA.retire, new Uint8Array()]] : [];
  const office = officeOf(room, change, env);
  const data = encodeCommitData([...(change.data ?? []), ...retire, ...office]);
  const me = self(room);
  const name = change.name ?? (me.limited ? me : namingLeaf(room, me.identity))?.name;
  const leaf =
    change.path && renewedLeaf(room.mls.groupContext.groupId, ownCredential(room), room.device, env, name);
  const { message, state: mls } = await commit(room.mls, change.proposals, leaf, data);
  const body = sealBody(room.keys, 'handshake', room.id, message, env);
  const keys = await epochKeys(mls, room.id);
  const lives = change.invites.find((i) => i.own)?.id === ownInviteIn(room);
  const { sealed } = officeAfter(room.office, lives, office[0]?.[1]);
  const published = await publish(room.id, mls, keys, change.invites, env, {
    office: sealed,
    packs: change.packs ?? room.packs,
  });
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
    data,
    ...(change.admin && { admin: change.admin }),
  };
  return { room: { ...room, pending }, frame };
}

/** An admin's commit says how the admin key is sealed from then on: with the own invite that is live after it. */
function officeOf(room: Room, { admin = room.admin, own, stepsDown }: Change, env: Env): CommitDataItem[] {
  if (admin === undefined || !self(room).admin) return [];
  if (own === undefined || room.person === undefined || stepsDown)
    return [[COMMIT_DATA.office, new Uint8Array()]];
  return [[COMMIT_DATA.office, sealAdminKey(room.id, room.person, own, admin, env)]];
}

function withTerms(
  grant: UpOf<'handshake'>['invites'][number],
  fresh: Change['fresh'] = [],
): UpOf<'handshake'>['invites'][number] {
  const own = fresh.find(({ id }) => id === grant.invite);
  return own === undefined ? grant : { ...grant, join: own.join, ...own.terms };
}

function needsOrder(room: Room, { retire, admin, complete, rules }: Change): boolean {
  if (retire === true || admin !== undefined || rules !== undefined) return true;
  return complete === true && room.admin !== undefined && self(room).admin;
}

/** The order of a handshake. The server ends the invites that such a handshake doesn't list. */
function makeOrder(room: Room, unsigned: Omit<UpOf<'handshake'>, 'proof' | 'order'>, change: Change): Order {
  if (room.admin === undefined) throw missingAdminRights(room);
  const order = {
    key: encodeBytes(room.admin.publicKey),
    ...(change.retire === true && { retire: true as const }),
    ...(change.admin && { admins: [encodeBytes(change.admin.publicKey)] }),
    ...(change.rules && { rules: change.rules }),
  };
  return { ...order, proof: encodeBytes(sign(room.admin, signedOrder(unsigned, order))) };
}

/** Drops a pending handshake that the server has refused, so that it is known not to be in the log. */
export function abandon(room: Room): Room {
  return { ...room, pending: undefined };
}

/** @returns a request that publishes this epoch's GroupInfo again, for when joiners can't use the one that the server keeps. */
export async function refresh(room: Room, env: Env): Promise<UpOf<'refresh'>> {
  const published = await publish(room.id, room.mls, room.keys, liveInvitesOf(room), env, {
    office: room.office.sealed,
    packs: room.packs,
  });
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
