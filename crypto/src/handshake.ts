import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { Rules } from '@gochat/protocol/rules';
import { signedHandshake, signedOrder, signedRefresh } from '@gochat/protocol/signed';
import type { Order, UpOf } from '@gochat/protocol/up';
import { COMMIT_DATA, type CommitDataItem, encodeCommitData } from './commit-data.ts';
import { publish } from './groupinfo.ts';
import { renewedLeaf } from './identity.ts';
import { inviteKeys, wrapPublicKey } from './invite.ts';
import { epochKeys } from './keys.ts';
import { isDoor, type Knock } from './knock.ts';
import { commit } from './mls/commits.ts';
import type { Proposal } from './mls/suite.ts';
import { cleanName, cleanTopic } from './names.ts';
import { newId } from './new-id.ts';
import { officeAfter, sealAdminKey } from './office.ts';
import { changeKeys, type OfficeKeys } from './office-keys.ts';
import { type HistorySetting, isSameHistory, type Packs, withoutPacks } from './packs.ts';
import { mayChangeState, mayRemove, personsIn, withoutAbsent } from './policy.ts';
import { type Env, sha256, sign } from './primitives.ts';
import {
  before,
  epochOf,
  liveInvitesOf,
  type Member,
  memberAt,
  membersOf,
  namingLeaf,
  OFFICE_KEYS,
  ownCredential,
  ownInviteIn,
  ownLeaf,
  type Room,
  stateOf,
} from './room.ts';
import { RoomError } from './room-error.ts';
import { haveSameRules, type RoomRules } from './room-rules.ts';
import {
  contextExtensions,
  isBanned,
  isDeclined,
  isStaff,
  type MemberInvite,
  type RoomState,
} from './room-state.ts';
import type { SafeInvite } from './safe.ts';
import { sealBody } from './seal.ts';
import type { Role } from './speaking.ts';
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
  /** The keys that the commit replaces. */
  readonly keys?: OfficeKeys;
  /** What the server is ordered to enforce from then on. */
  readonly rules?: Rules | undefined;
  /** The secret of the own invite after the commit. */
  readonly own: Uint8Array | undefined;
  /** The packs that are kept after the commit, if they are others. */
  readonly packs?: Packs;
  /** Whether the committer's person gives up its office. */
  readonly stepsDown?: boolean;
}

/** An invite that the server doesn't know yet. */
interface FreshInvite {
  readonly id: string;
  /** The join key's public half, as base64url. */
  readonly join: string;
  readonly terms: InviteTerms;
  /** Nobody joins by it. */
  readonly knock?: true;
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
  /** Ends the access keys of earlier epochs, if this device has the admin or keepers key. */
  readonly retire?: boolean;
  /** Asks the admins to retire the access keys, because a copy of this device may exist. */
  readonly ask?: boolean;
}

/**
 * Makes an empty commit, which replaces the keys of this device's leaf. With keys stolen earlier, nobody can read the next epoch or
 * sign in it. The heal of an admin also replaces the admin and the keepers key, and hands each key to all who share it.
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
  const retires = { ...(retire && orders(room) && { retire }) };
  if (room.admin === undefined || !self(room).admin) return start(room, { ...change, data, ...retires }, env);
  const next = await changeKeys(room, { state: stateOf(room), heals: true }, env);
  return start(room, { ...change, ...next, data: [...data, ...next.data], ...retires }, env);
}

/** Whether this device has a key that orders a retirement, or ends invites. */
export function orders(room: Room): boolean {
  const { admin, moderator } = self(room);
  return (admin && room.admin !== undefined) || (moderator && room.keepers !== undefined);
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
  const retires = { ...(orders(room) && { retire: true }) };
  if (room.admin === undefined || !me.admin) return start(room, { ...change, data, ...retires }, env);
  const next = await changeKeys(room, { state: stateOf(room), gone: leaves }, env);
  return start(room, { ...change, ...next, data: [...data, ...next.data], ...retires }, env);
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
 * @param secret 16 random bytes, which only the invite link may contain
 * @param how `only`: the identity key of the only person that may use it. `knock`: who uses it asks to be let in by an admin or moderator
 * @throws RoomError `invites-full` if the room has 15 live invites beside the own one; `links-staff`; `direct-room` unless it is for one of its two
 */
export async function invite(
  room: Room,
  secret: Uint8Array,
  terms: InviteTerms,
  env: Env,
  { only, knock }: { readonly only?: string; readonly knock?: true } = {},
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
    ...(knock && { knock }),
  };
  const next = { ...state, invites: [...state.invites, fresh] };
  // Invites that members have revoked, or that no room state has had, must not fill the server's list.
  const added = [{ id: keys.id, join: fresh.join, terms, ...(knock && { knock }) }];
  return changeState(room, next, env, { fresh: added, complete: true });
}

/** How many declined knocks a room keeps: a later one takes the place of the oldest, and who has made that hears nothing. */
const DECLINED = 4;

/**
 * Decides about a knock, as an admin or moderator: adds the invite that the knocker wishes for, which only that person can use, or one by
 * which it learns that it was declined. Of two who decide at once, only the first does.
 * @param terms of the invite: until when the knocker can ask for it
 * @throws RoomError `not-staff`, `knock-decided`; `no-such-invite` if the invite has ended by which it has knocked; `banned`; `invites-full`
 */
export async function decideKnock(
  room: Room,
  { wish, identity, door }: Knock,
  lets: boolean,
  terms: InviteTerms,
  env: Env,
): Promise<Started> {
  mustBeStaff(room);
  if (!isDoor(room, door)) throw new RoomError('no-such-invite');
  const state = withoutVoidInvites(room);
  if (state.invites.some(({ id }) => id === wish.id)) throw new RoomError('knock-decided');
  if (lets && isBanned(state, decodeBytes(identity))) throw new RoomError('banned');
  const declined = state.invites.filter(isDeclined);
  const isFull = state.invites.filter((i) => !i.own).length >= LIMITS.invitesPerRoom - 1;
  const drops = isFull || (!lets && declined.length >= DECLINED) ? declined[0]?.id : undefined;
  if (isFull && drops === undefined) throw new RoomError('invites-full');
  const fresh: MemberInvite = {
    ...wish,
    epoch: Number(epochOf(room)),
    by: self(room).identity,
    for: identity,
    ...(!lets && { knock: true }),
  };
  const invites = [...state.invites.filter(({ id }) => id !== drops), fresh];
  const added = [{ id: wish.id, join: wish.join, terms, ...(!lets && { knock: true as const }) }];
  return changeState(room, { ...state, invites }, env, { fresh: added, complete: true });
}

/**
 * Revokes invites. Members may revoke their own invites, admins any invite. Members accept no join by a revoked invite. The server
 * ends it only by the order of a device that has the admin key.
 * @throws RoomError `no-such-invite`, `not-admin`: also on a limited device, which revokes none
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
 * @throws RoomError `not-admin`, `admin-key-missing`; NameError
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
  const wanted = me.admin ? withRole(state, target.identity, role) : withMute(state, target.identity, role);
  if (me.admin && room.admin === undefined) throw missingAdminRights(room);
  const present = personsIn(room.mls);
  const next = withPlaceForMutes(wanted, present);
  if (me.admin && !next.admins.some((identity) => present.has(identity))) throw new RoomError('last-admin');
  checkRoleLists(next);
  return changeState(room, next, env, { again: target.identity });
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

/** A full list keeps only who is here: a moderator may have filled it with anybody. */
function withPlaceForMutes(state: RoomState, present: ReadonlySet<string>): RoomState {
  const { mutes = [] } = state;
  if (mutes.length <= STATE_LIMITS.voices) return state;
  return { ...state, mutes: mutes.filter((identity) => present.has(identity)) };
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
 * Answers a member who asks for it, as an admin or moderator: replaces the own invite, whose secret a thief may know, and retires the
 * access keys.
 * @throws RoomError `not-admin`, `admin-key-missing`
 */
export async function answerAsk(room: Room, env: Env): Promise<Started> {
  if (!orders(room)) throw missingAdminRights(room);
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
  {
    again,
    ...more
  }: Pick<Change, 'fresh' | 'data' | 'complete' | 'retire'> & { readonly again?: string } = {},
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
  const governs = room.admin !== undefined && self(room).admin;
  // Without that key this device can't order what the server is to enforce of it.
  if (!governs && !haveSameRules(now.state, next)) throw missingAdminRights(room);
  const keys = governs ? await changeKeys(room, { state: next, ...(again && { again }) }, env) : undefined;
  const change = { intent: 'state', proposals, invites: next.invites, ...more, ...keys, fresh } as const;
  const stepsDown = !next.admins.includes(me);
  const packs = isSameHistory(now.state, next) ? undefined : withoutPacks(room.packs);
  const secret = missing ? room.keys.own : room.own;
  return start(room, { ...change, own: secret, stepsDown, ...(packs && { packs }) }, env);
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
    ...change.keys,
  };
  return { room: { ...room, pending }, frame };
}

/** An admin's commit says how the admin key is sealed from then on: with the own invite that is live after it. */
function officeOf(room: Room, { keys, own, stepsDown }: Change, env: Env): CommitDataItem[] {
  const admin = keys?.admin ?? room.admin;
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
  if (own === undefined) return grant;
  return { ...grant, join: own.join, ...own.terms, ...(own.knock && { knock: own.knock }) };
}

function needsOrder(room: Room, { retire, keys = {}, rules, complete }: Change): boolean {
  if (retire === true || rules !== undefined) return true;
  if (OFFICE_KEYS.some((kind) => keys[kind] !== undefined)) return true;
  return complete === true && orders(room);
}

/** The order of a handshake. The server ends the invites that such a handshake doesn't list. */
function makeOrder(room: Room, unsigned: Omit<UpOf<'handshake'>, 'proof' | 'order'>, change: Change): Order {
  const key = self(room).admin ? room.admin : room.keepers;
  if (key === undefined) throw missingAdminRights(room);
  const { retire, keys, rules } = change;
  const order = {
    key: encodeBytes(key.publicKey),
    ...(retire === true && { retire: true as const }),
    ...(keys?.admin && { admins: [encodeBytes(keys.admin.publicKey)] }),
    ...(keys?.keepers && { keepers: encodeBytes(keys.keepers.publicKey) }),
    ...(rules && { rules }),
  };
  return { ...order, proof: encodeBytes(sign(key, signedOrder(unsigned, order))) };
}

/** Drops a pending handshake that the server has refused, so that it is known not to be in the log. */
export function abandon(room: Room): Room {
  return { ...room, pending: undefined };
}

/** Forgets a key with which the server takes no orders any more. @param key its public half, as base64url */
export function withoutKey(room: Room, key: string): Room {
  const isKeepers = room.keepers !== undefined && encodeBytes(room.keepers.publicKey) === key;
  return isKeepers ? { ...room, keepers: undefined } : { ...room, admin: undefined };
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
