import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId } from '@gochat/protocol/fields';
import { COMMIT_DATA, type CommitData, decodeCommitData } from './commit-data.ts';
import { ROOM_KIND, type RoomKind } from './genesis.ts';
import { type DeviceCredential, fingerprintOf, isLimited } from './identity.ts';
import type { OwnInvite } from './keys.ts';
import type { IncomingCommit } from './mls/commits.ts';
import { deviceOf, identityOf } from './mls/credentials.ts';
import { sameExtensions } from './mls/group-info.ts';
import type { LeafNode, MlsState, Proposal } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import { isCleanName, isCleanTopic } from './names.ts';
import {
  decodeRoomState,
  FIXED_IN_DIRECT,
  isAdmin,
  isBanned,
  isStaff,
  liveInvite,
  type RoomState,
} from './room-state.ts';

/** How many leaves one person may have in a room. */
const DEVICES_PER_PERSON = 8;

/**
 * A kind of commit that the policy allows. The decision depends only on the group context, the tree, the epoch's own invite and the
 * decrypted commit, so all members decide alike. This includes `joinsClosed`: it is true from a Remove to the state change that drops
 * the older invites.
 */
export type MembershipChange =
  | { readonly kind: 'heal'; readonly by: number }
  /** `keep`: the invites stay valid. */
  | {
      readonly kind: 'remove';
      readonly by: number;
      readonly removed: readonly number[];
      readonly keep: boolean;
    }
  | { readonly kind: 'state'; readonly by: number; readonly state: RoomState | 'newer' }
  | { readonly kind: 'join'; readonly replaces: number | undefined };

/** The state before the commit. */
export interface Before {
  readonly mls: MlsState;
  readonly kind: RoomKind;
  readonly state: RoomState;
  readonly joinsClosed: boolean;
  /** The own invite that a state change can add. */
  readonly own: OwnInvite;
}

/** @returns the kind of change that the commit makes, or undefined if the policy allows no such change. */
export function classify(before: Before, commit: IncomingCommit): MembershipChange | undefined {
  if (commit.sender === undefined) return classifyJoin(before, commit.proposals);
  const data = decodeCommitData(commit.data);
  return data && classifyMember(before, commit.sender, commit.proposals, data);
}

function classifyJoin({ mls }: Before, proposals: readonly Proposal[]): MembershipChange | undefined {
  const init = proposals.filter((p) => p.proposalType === 'external_init');
  const removes = removedBy(proposals);
  if (init.length !== 1 || removes.length > 1 || init.length + removes.length !== proposals.length)
    return undefined;
  const [replaces] = removes;
  if (replaces !== undefined && !leavesOf(mls.ratchetTree).has(replaces)) return undefined;
  return { kind: 'join', replaces };
}

function removedBy(proposals: readonly Proposal[]): number[] {
  return proposals.flatMap((p) => (p.proposalType === 'remove' ? [p.remove.removed] : []));
}

function classifyMember(
  before: Before,
  by: number,
  proposals: readonly Proposal[],
  data: CommitData,
): MembershipChange | undefined {
  const [proposal] = proposals;
  if (proposal === undefined) return { kind: 'heal', by };
  const committer = credentialAt(before.mls, by);
  if (committer === undefined) return undefined;
  if (proposal.proposalType === 'remove') {
    const keep = data.has(COMMIT_DATA.keep);
    const removed = removedBy(proposals);
    const allowed = removed.length === proposals.length && mayRemove(before, by, removed, keep);
    return allowed ? { kind: 'remove', by, removed, keep } : undefined;
  }
  if (proposals.length > 1 || proposal.proposalType !== 'group_context_extensions') return undefined;
  const [genesis, next] = proposal.groupContextExtensions.extensions;
  const [oldGenesis, old] = before.mls.groupContext.extensions;
  if (genesis === undefined || next === undefined || oldGenesis === undefined || old === undefined)
    return undefined;
  if (proposal.groupContextExtensions.extensions.length !== 2) return undefined;
  if (!sameExtensions([genesis], [oldGenesis]) || next.extensionType !== old.extensionType) return undefined;
  const state = decodeRoomState(next.extensionData);
  if (state === undefined) return undefined;
  return mayChangeState(before, committer, state) ? { kind: 'state', by, state } : undefined;
}

function credentialAt(mls: MlsState, leaf: number): DeviceCredential | undefined {
  const node = leavesOf(mls.ratchetTree).get(leaf);
  return node && identityOf(node.credential);
}

/**
 * Whether the member at leaf `by` may remove these leaves: all of one person, that of an admin's or moderator's choice or its own. A
 * moderator removes no admin or moderator, a limited device nobody.
 * @param keep whether the invites stay valid, which is impossible if the removed person holds an office
 */
export function mayRemove(
  { mls, state }: Before,
  by: number,
  removed: readonly number[],
  keep: boolean,
): boolean {
  const committer = credentialAt(mls, by);
  const persons = removed.map((leaf) => credentialAt(mls, leaf));
  const [person] = persons;
  if (committer === undefined || person === undefined || removed.includes(by)) return false;
  if (isLimited(committer)) return false;
  if (removed.length > DEVICES_PER_PERSON || new Set(removed).size !== removed.length) return false;
  const target = encodeBytes(person.identityKey);
  const isOne = persons.every((p) => p !== undefined && encodeBytes(p.identityKey) === target);
  if (!isOne) return false;
  const me = encodeBytes(committer.identityKey);
  const leavesRoom = !personsIn(mls, removed).has(target);
  if (keep && leavesRoom && isStaff(state, target)) return false;
  // In a direct room nobody removes the other person.
  if (state.pair !== undefined) return me === target;
  if (isAdmin(state, committer.identityKey) || me === target) return true;
  return isStaff(state, me) && !isStaff(state, target);
}

/** The identities that have a leaf. @param without leaves that don't count */
export function personsIn(
  { ratchetTree }: Pick<MlsState, 'ratchetTree'>,
  without: readonly number[] = [],
): ReadonlySet<string> {
  return new Set(
    [...leavesOf(ratchetTree)].flatMap(([leaf, { credential }]) => {
      const read = without.includes(leaf) ? undefined : identityOf(credential);
      return read === undefined ? [] : [encodeBytes(read.identityKey)];
    }),
  );
}

/** What only admins change. */
const OF_ADMINS = [
  'name',
  'topic',
  'admins',
  'mods',
  'speak',
  'voices',
  'slow',
  'links',
  'history',
  'expire',
  'more',
] as const satisfies readonly (keyof RoomState)[];
/** What admins and moderators change. */
const OF_STAFF = ['mutes', 'bans', 'pins'] as const satisfies readonly (keyof RoomState)[];

function same(a: RoomState, b: RoomState, members: readonly (keyof RoomState)[]): boolean {
  return members.every((member) => JSON.stringify(a[member]) === JSON.stringify(b[member]));
}

/** @returns the state in which only identities of `present` hold an office or may speak. A direct room's two persons are its admins for ever. */
export function withoutAbsent(state: RoomState, present: ReadonlySet<string>): RoomState {
  if (state.pair !== undefined) return state;
  const { admins, mods, voices, ...rest } = state;
  const here = (list: readonly string[] | undefined) =>
    list?.filter((identity) => present.has(identity)) ?? [];
  const [moderators, speakers] = [here(mods), here(voices)];
  return {
    ...rest,
    admins: here(admins),
    ...(moderators.length > 0 && { mods: moderators }),
    ...(speakers.length > 0 && { voices: speakers }),
  };
}

/** Whether the member with this credential may change the room state to `next`. */
export function mayChangeState(
  before: Before,
  committer: Pick<DeviceCredential, 'identityKey' | 'rights'>,
  next: RoomState | 'newer',
): boolean {
  const { state: now, mls, joinsClosed } = before;
  const mayGovern = !isLimited(committer);
  const admin = mayGovern && isAdmin(now, committer.identityKey);
  if (next === 'newer') return admin;
  const me = encodeBytes(committer.identityKey);
  const staff = mayGovern && isStaff(now, me);
  const present = personsIn(mls);
  // The change after a Remove must drop whom the Remove has deposed.
  const start = joinsClosed ? withoutAbsent(now, present) : now;
  if (!same(next, start, ['v', 'pair'])) return false;
  if (start.pair !== undefined && !same(next, start, FIXED_IN_DIRECT)) return false;
  if (!admin && !same(next, start, OF_ADMINS)) return false;
  if (!staff && !same(next, start, OF_STAFF)) return false;
  if (next.name !== now.name && !isCleanName(next.name)) return false;
  if (next.topic !== now.topic && !isCleanTopic(next.topic)) return false;
  if (!areOffices(next, start, present)) return false;
  if (!admin && touchesStaff(start, next)) return false;

  const epoch = Number(mls.groupContext.epoch);
  const lastRemove = joinsClosed ? epoch - 1 : now.lastRemoveEpoch;
  const by: Committer = { me, staff, limited: !mayGovern, epoch };
  return next.lastRemoveEpoch === lastRemove && areInvites(before, next, by);
}

/** Whether each person holds one office at most, whoever is new in one is a member, and an admin remains if there is one. */
function areOffices(next: RoomState, start: RoomState, present: ReadonlySet<string>): boolean {
  if (next.admins.length === 0 && start.admins.some((identity) => present.has(identity))) return false;
  if (next.mods?.some((identity) => next.admins.includes(identity))) return false;
  return (['admins', 'mods', 'voices'] as const).every((office) =>
    (next[office] ?? []).every((identity) => start[office]?.includes(identity) || present.has(identity)),
  );
}

/** Whether an admin or moderator becomes muted or banned. */
function touchesStaff(now: RoomState, next: RoomState): boolean {
  const staff = [...now.admins, ...(now.mods ?? [])];
  const fresh = <T>(after: readonly T[] = [], before: readonly T[] = []) =>
    after.filter((one) => !before.includes(one));
  const banned = fresh(next.bans, now.bans);
  return (
    fresh(next.mutes, now.mutes).some((identity) => staff.includes(identity)) ||
    (banned.length > 0 && staff.some((identity) => banned.includes(fingerprintText(identity))))
  );
}

function fingerprintText(identity: string): string {
  return encodeBytes(fingerprintOf(decodeBytes(identity)));
}

interface Committer {
  readonly me: string;
  readonly staff: boolean;
  readonly limited: boolean;
  readonly epoch: number;
}

function areInvites(
  { state: now, kind, joinsClosed, own }: Before,
  next: RoomState,
  { me, staff, limited, epoch }: Committer,
): boolean {
  if (new Set(next.invites.map((i) => i.id)).size !== next.invites.length) return false;
  if (next.invites.filter((i) => i.own).length > 1) return false;
  const kept = (id: string) => next.invites.some((i) => i.id === id);
  // A limited device has its person's identity: it would end the person's links, which nothing distinguishes from its own.
  const mayDrop = now.invites.every(
    (i) => kept(i.id) || staff || joinsClosed || (i.by === me && !limited && !i.own && !i.safe),
  );
  const mayHold = next.invites.every((i) => {
    const old = now.invites.find((o) => o.id === i.id);
    if (old !== undefined) return !joinsClosed && JSON.stringify(old) === JSON.stringify(i);
    if (i.epoch !== epoch || i.by !== me) return false;
    if (i.safe && !staff) return false;
    // Nobody could come in by it, and there is place for few.
    if (kind === ROOM_KIND.self && !i.own && !i.safe) return false;
    if (!i.own) return now.links === undefined || staff;
    const plain = i.for === undefined && i.knock === undefined && i.safe === undefined;
    return plain && i.id === own.id && i.join === own.join && i.wrap === own.wrap;
  });
  return mayDrop && mayHold;
}

/**
 * Whether the room state lets a joiner in by an invite.
 * @param joiner the credential of its leaf. @param leafKey the signature key of its leaf.
 * @param replaces the leaf that the join removes: only that of the same device with the same key. So whoever has copied the device
 *   key alone can't take its seat.
 */
export function mayJoin(
  { mls, kind, state, joinsClosed }: Before,
  invite: InviteId,
  joiner: DeviceCredential,
  leafKey: Uint8Array,
  replaces: number | undefined,
): boolean {
  const by = joinsClosed ? undefined : liveInvite(state, invite);
  const identity = encodeBytes(joiner.identityKey);
  // A self room is for the founder's own devices alone.
  if (kind === ROOM_KIND.self && !by?.own) return false;
  if (by === undefined || by.knock || isBanned(state, joiner.identityKey)) return false;
  if (by.for !== undefined && by.for !== identity) return false;
  if (state.pair !== undefined && !state.pair.includes(identity)) return false;
  const leaves = [...leavesOf(mls.ratchetTree)];
  const device = encodeBytes(joiner.deviceKey);
  const ofPerson = leaves.filter(([, leaf]) => personOf(leaf) === identity);
  if (replaces !== undefined) {
    const old = ofPerson.find(([index]) => index === replaces)?.[1];
    return (
      old !== undefined &&
      deviceOf(old) === device &&
      encodeBytes(old.signaturePublicKey) === encodeBytes(leafKey)
    );
  }
  if (leaves.some(([, leaf]) => deviceOf(leaf) === device)) return false;
  return by.own ? ofPerson.length > 0 && ofPerson.length < DEVICES_PER_PERSON : ofPerson.length === 0;
}

function personOf({ credential }: LeafNode): string | undefined {
  const read = identityOf(credential);
  return read && encodeBytes(read.identityKey);
}
