import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, Position } from '@gochat/protocol/fields';
import { adopt } from './adopt.ts';
import { COMMIT_DATA, type CommitData, decodeCommitData } from './commit-data.ts';
import type { RoomEvent, Step } from './event.ts';
import type { DeviceCredential } from './identity.ts';
import { inviteKeys, joinHolds, readJoinAad } from './invite.ts';
import type { DecodedEntry } from './log-entry.ts';
import { readPrivateMessage, readPublicMessage } from './mls/codec.ts';
import { type Candidate, candidate, commitIn, isInvalidForAll } from './mls/commits.ts';
import { deviceOf, identityOf, isGenuine, sameDevice } from './mls/credentials.ts';
import type { LeafNode, MlsState, PublicMessage } from './mls/suite.ts';
import { holdsPath, leavesOf } from './mls/tree.ts';
import { isCleanName } from './names.ts';
import { officeAfter } from './office.ts';
import { heldKeys, keysAfter, keysDueAfter, type OfficeKeys } from './office-keys.ts';
import { classify, type MembershipChange, mayJoin, personsIn } from './policy.ts';
import { equalBytes, signingKey } from './primitives.ts';
import {
  type Author,
  before,
  confirmed,
  memberAt,
  membersOf,
  namingLeaf,
  OFFICE_KEYS,
  ownInviteIn,
  ownLeaf,
  type PendingCommit,
  type RetirementReason,
  type Room,
  stateOf,
} from './room.ts';
import { liveInvite } from './room-state.ts';
import { isJoin, openBody, openJoin } from './seal.ts';
import { settingsOf } from './settings.ts';
import { isExactly } from './tree-change.ts';
import { afterFollowed, afterUnfollowed } from './unfollowed.ts';

/** @param old the room before this entry. @param room the same room after reading the entry, with its position as the base. */
export async function receiveHandshake(
  old: Room,
  room: Room,
  entry: DecodedEntry,
  now: number,
): Promise<Step<Room>> {
  if (old.pending?.hash === entry.hash) return ownLanded(old, room, old.pending, entry, now);
  return isJoin(entry.body) ? receiveJoin(room, entry, now) : receiveCommit(room, entry, now);
}

type MemberChange = Exclude<MembershipChange, { kind: 'join' }>;

function skipped(room: Room, entry: DecodedEntry): Step<Room> {
  const ghost = isJoin(entry.body) && room.retirement.due === undefined;
  return {
    room: ghost ? { ...room, retirement: { ...room.retirement, due: 'refused-join' } } : room,
    events: [{ kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'skipped-handshake' } }],
    secretsToWipe: [],
  };
}

/** This device's own handshake is in the log: the room takes over the pending state. */
async function ownLanded(
  old: Room,
  room: Room,
  pending: PendingCommit,
  entry: DecodedEntry,
  now: number,
): Promise<Step<Room>> {
  const change = ownChange(old, pending);
  const closed = change === undefined ? room.joinsClosed : joinsClosedAfter(room.joinsClosed, change);
  const by = memberAt(room, ownLeaf(room))?.device ?? '';
  const adopted = afterFollowed(await adopt(room, { seq: entry.seq, by }, pending.mls, closed), undefined);
  const healed = pending.intent === 'heal' || pending.intent === 'remove';
  const said = change === undefined ? adopted : withData(old, adopted, change, dataOf(pending.data), entry);
  const after: Room = {
    ...said,
    pending: undefined,
    ...heldKeys(adopted, keysWith(adopted, pending)),
    key: entry.seq,
    accessKey: adopted.keys.access,
    status: adopted.status === 'rolled-back' && healed ? 'active' : adopted.status,
    wantsHeal: healed ? undefined : adopted.wantsHeal,
    rotatedAt: healed ? now : adopted.rotatedAt,
    formerKeys: healed ? withFormerKey(old, now) : adopted.formerKeys,
  };
  const landed: RoomEvent = { kind: 'landed', seq: entry.seq, request: pending.request };
  return {
    room: after,
    events: change === undefined ? [landed] : [...eventsOf(old, after, change, entry), landed],
    secretsToWipe: [],
  };
}

/** The keys of this device, with those that its handshake has replaced. */
function keysWith(room: Room, pending: PendingCommit): OfficeKeys {
  return Object.fromEntries(OFFICE_KEYS.map((kind) => [kind, pending[kind] ?? room[kind]]));
}

/** How long a former leaf key is kept, in milliseconds, and how many. */
const FORMER_KEY_MS = 30 * 24 * 3600 * 1000;
const FORMER_KEYS = 32;

function withFormerKey({ formerKeys, mls }: Room, now: number): Room['formerKeys'] {
  const young = formerKeys.filter(({ until }) => until > now - FORMER_KEY_MS);
  return [...young, { key: signingKey(mls.signaturePrivateKey), until: now }].slice(-FORMER_KEYS);
}

function dataOf(bytes: Uint8Array): CommitData {
  return decodeCommitData(bytes) ?? new Map();
}

function ownChange(old: Room, pending: PendingCommit): MemberChange | undefined {
  const by = ownLeaf(old);
  if (pending.intent === 'heal') return { kind: 'heal', by };
  if (pending.intent === 'state') return { kind: 'state', by, state: stateOf(old) };
  const after = leavesOf(pending.mls.ratchetTree);
  const removed = [...leavesOf(old.mls.ratchetTree).keys()].filter((leaf) => !after.has(leaf));
  const keep = dataOf(pending.data).has(COMMIT_DATA.keep);
  return removed.length === 0 ? undefined : { kind: 'remove', by, removed, keep };
}

function joinsClosedAfter(closed: boolean, change: MembershipChange): boolean {
  if (change.kind === 'remove') return closed || !change.keep;
  return change.kind === 'state' ? false : closed;
}

async function receiveCommit(room: Room, entry: DecodedEntry, now: number): Promise<Step<Room>> {
  const bytes = openBody(room.keys, 'handshake', room.id, entry.body);
  const message = bytes && readPrivateMessage(bytes);
  const context = room.mls.groupContext;
  if (
    message?.contentType !== 'commit' ||
    message.epoch !== context.epoch ||
    !equalBytes(message.groupId, context.groupId)
  ) {
    return skipped(room, entry);
  }
  const current = await before(room);
  let change: MembershipChange | undefined;
  let own = false;
  let by: number | undefined;
  let next: Candidate | undefined;
  try {
    next = await candidate(room.mls, { member: message }, (commit) => {
      by = commit.sender;
      own = commit.sender === ownLeaf(room);
      change = own || commit.sender === undefined ? undefined : classify(current, commit);
      return change !== undefined;
    });
  } catch (error) {
    const author = change && by !== undefined ? memberAt(room, by) : undefined;
    return author === undefined || isInvalidForAll(error)
      ? skipped(room, entry)
      : notFollowed(room, entry, author, now);
  }
  if (own) return overtakenByCopy(room, entry);
  if (next === undefined || change === undefined || change.kind === 'join') return skipped(room, entry);
  if (change.kind === 'remove' && change.removed.includes(ownLeaf(room)))
    return removedSelf(room, entry, change, next);
  if (!isExactly(change, current, next.state)) return skipped(room, entry);
  const author = memberAt(room, change.by);
  if (author !== undefined && !holdsPath(room.mls, next.state)) return notFollowed(room, entry, author, now);
  const step = await advanced(room, entry, change, next);
  if (step.room === room) return step;
  const data = dataOf(message.authenticatedData);
  const informed = withData(room, step.room, change, data, entry);
  const keys = await keysAfter(room, informed, change.by, data);
  return { ...step, room: { ...informed, ...keys } };
}

/** @returns the room with what the data of a member's commit says, and with what follows for the access keys. */
function withData(
  old: Room,
  after: Room,
  change: MemberChange,
  data: CommitData,
  { seq, at }: DecodedEntry,
): Room {
  const by = memberAt(old, change.by);
  const given = data.get(COMMIT_DATA.ownInvite);
  const own = ownSecret(old, after, change, given);
  const said = by?.admin === true ? data.get(COMMIT_DATA.office) : undefined;
  const office = officeAfter(old.office, ownInviteIn(old) === ownInviteIn(after), said);
  const heard = given !== undefined && own !== undefined && equalBytes(given, own);
  const newcomer = heard ? undefined : after.newcomer;
  const { due: wanted } = after.retirement;
  const keysDue = keysDueAfter(old, after, change, data);
  if ((by?.admin || by?.moderator) && data.has(COMMIT_DATA.retire)) {
    // Whoever has copied a device may know the own invite's secret, so an answer replaces that, too.
    const unanswered = wanted === 'asked' && change.kind !== 'state' && !after.joinsClosed;
    // A moderator can't replace the admin key.
    const isKept = unanswered || (wanted === 'former-admin' && !by.admin);
    const retirement = { at, healed: false, ...(isKept && { due: wanted }) };
    return {
      ...after,
      own,
      office,
      newcomer,
      keysDue,
      retirement,
      key: seq,
      accessKey: after.keys.access,
    };
  }
  const healed = after.retirement.healed || change.kind !== 'state';
  const due = wanted === 'asked' ? wanted : (reasonIn(old, after, change, data) ?? wanted);
  return {
    ...after,
    own,
    office,
    newcomer,
    keysDue,
    retirement: { at: after.retirement.at, healed, ...(due && { due }) },
  };
}

/** Why the access keys should be retired after a commit, if they should. */
function reasonIn(
  old: Room,
  after: Room,
  change: MemberChange,
  data: CommitData,
): RetirementReason | undefined {
  if (data.has(COMMIT_DATA.ask)) return 'asked';
  if (change.kind === 'remove') return 'removed-device';
  if (change.kind !== 'state' || change.state === 'newer') return undefined;
  const admins = (room: Room) => membersOf(room).filter((m) => m.admin);
  const former = admins(old).some((m) => memberAt(after, m.leaf)?.admin === false);
  return former ? 'former-admin' : undefined;
}

/** The secret of the room's own invite after a commit. */
function ownSecret(
  old: Room,
  after: Room,
  change: MembershipChange,
  given: Uint8Array | undefined,
): Uint8Array | undefined {
  if (after.joinsClosed || after.context.state === 'newer') return undefined;
  const invite = after.context.state.invites.find((i) => i.own);
  if (invite === undefined || liveInvite(after.context.state, invite.id) === undefined) return undefined;
  const secrets = [old.own, change.kind === 'state' ? old.keys.own : given];
  return secrets.find((secret) => secret !== undefined && isSecretOf(secret, invite.id));
}

function isSecretOf(secret: Uint8Array, invite: InviteId): boolean {
  return secret.length === 16 && inviteKeys(secret).id === invite;
}

function notFollowed(
  room: Room,
  { seq, at }: DecodedEntry,
  { device, identity, name }: Author,
  now: number,
): Step<Room> {
  const from = { device, identity, name };
  return {
    room: afterUnfollowed(room, from, seq, now),
    events: [{ kind: 'warning', seq, at, warning: { kind: 'unfollowed', from } }],
    secretsToWipe: [],
  };
}

/** Another copy of this profile has committed or joined again. Only that copy has the keys of the new epoch. */
function overtakenByCopy(room: Room, entry: DecodedEntry): Step<Room> {
  const events: RoomEvent[] = [
    { kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'broken' } },
  ];
  return { room: { ...room, status: 'broken', unfollowed: undefined }, events, secretsToWipe: [] };
}

function removedSelf(
  room: Room,
  { seq, at }: DecodedEntry,
  { by, keep }: Extract<MembershipChange, { kind: 'remove' }>,
  next: Candidate,
): Step<Room> {
  const member = memberAt(room, ownLeaf(room));
  const events: RoomEvent[] =
    member === undefined
      ? []
      : [{ kind: 'removed', seq, at, member, by: memberAt(room, by), ...(keep && { keep }) }];
  return {
    room: { ...room, status: 'removed', pending: undefined },
    events,
    secretsToWipe: next.secretsToWipe,
  };
}

async function receiveJoin(room: Room, entry: DecodedEntry, now: number): Promise<Step<Room>> {
  const bytes = await openJoin(room.keys, room.id, entry.body);
  const message = bytes && readPublicMessage(bytes);
  const joiner = message && (await admitted(room, message));
  if (message === undefined || joiner === undefined) return skipped(room, entry);
  const current = await before(room);
  const self = leavesOf(room.mls.ratchetTree).get(ownLeaf(room));
  const copied = self !== undefined && sameDevice(self.credential, joiner.leaf.credential);
  let change: MembershipChange | undefined;
  let own = false;
  let next: Candidate | undefined;
  try {
    next = await candidate(room.mls, { joiner: message }, (commit) => {
      const allowed = commit.sender === undefined ? classify(current, commit) : undefined;
      if (allowed?.kind !== 'join') return false;
      const { leaf, invite, credential } = joiner;
      if (!mayJoin(current, invite, credential, leaf.signaturePublicKey, allowed.replaces)) return false;
      change = allowed;
      own = copied && allowed.replaces === ownLeaf(room);
      return !own;
    });
  } catch (error) {
    return change === undefined || isInvalidForAll(error)
      ? skipped(room, entry)
      : notFollowed(room, entry, authorOf(joiner), now);
  }
  if (own) return overtakenByCopy(room, entry);
  if (next === undefined || change === undefined || !isExactly(change, current, next.state, joiner.leaf))
    return skipped(room, entry);
  if (!holdsPath(room.mls, next.state)) return notFollowed(room, entry, authorOf(joiner), now);
  return advanced(room, entry, change, next, joiner);
}

interface Joiner {
  readonly leaf: LeafNode;
  readonly credential: DeviceCredential;
  readonly invite: InviteId;
  /** The handshake that this device couldn't follow, if it comes back because of one. */
  readonly unfollowed: Position | undefined;
}

function authorOf({ credential: { deviceKey, identityKey, name } }: Joiner): Author {
  return { device: encodeBytes(deviceKey), identity: encodeBytes(identityKey), name };
}

/**
 * Checks a joiner's name and credential, and that a live invite's join key has signed its commit for exactly this leaf and epoch. Runs
 * before the library processes the commit, and before anything is concluded from whose leaf it claims to be.
 */
async function admitted(room: Room, message: PublicMessage): Promise<Joiner | undefined> {
  const { content } = message;
  const leaf = commitIn(message)?.path?.leafNode;
  const claim = readJoinAad(content.authenticatedData);
  if (
    content.sender.senderType !== 'new_member_commit' ||
    leaf === undefined ||
    claim === undefined ||
    room.joinsClosed
  )
    return undefined;
  const invite = liveInvite(stateOf(room), claim.invite);
  const credential = identityOf(leaf.credential);
  if (
    invite === undefined ||
    leaf.credential.credentialType !== 'basic' ||
    credential === undefined ||
    !isCleanName(credential.name)
  )
    return undefined;
  const { groupId, epoch } = room.mls.groupContext;
  if (content.epoch !== epoch || !equalBytes(content.groupId, groupId)) return undefined;
  const holds = joinHolds(
    decodeBytes(invite.join),
    {
      room: room.id,
      groupId,
      epoch,
      groupInfoHash: claim.groupInfoHash,
      leafKey: leaf.signaturePublicKey,
      credential: leaf.credential.identity,
      invite: claim.invite,
      unfollowed: claim.unfollowed,
    },
    claim.signature,
  );
  return holds && (await isGenuine(groupId, leaf))
    ? { leaf, credential, invite: claim.invite, unfollowed: claim.unfollowed }
    : undefined;
}

async function advanced(
  room: Room,
  entry: DecodedEntry,
  change: MembershipChange,
  next: Candidate,
  joiner?: Joiner,
): Promise<Step<Room>> {
  const author = change.kind === 'join' ? undefined : memberAt(room, change.by);
  let after: Room;
  try {
    const closed = joinsClosedAfter(room.joinsClosed, change);
    const by = joiner === undefined ? (author?.device ?? '') : authorOf(joiner).device;
    after = await adopt(withNamedLast(room, joiner), { seq: entry.seq, by }, next.state, closed);
  } catch {
    return skipped(room, entry);
  }
  after = confirmed(afterFollowed(after, author), author);
  if (joiner !== undefined) {
    const inviter = liveInvite(stateOf(room), joiner.invite)?.by ?? '';
    after = {
      ...after,
      peers: counterReset(after.peers, joiner.leaf),
      newcomer: { inviter },
      keysDue: keysDueAfter(room, after, change, new Map()),
    };
  }
  return {
    room: after,
    events: eventsOf(room, after, change, entry, joiner),
    secretsToWipe: next.secretsToWipe,
  };
}

/** Keeps the author of a change that a device has come back because of: others that it cut off may come back later. */
function withNamedLast(room: Room, joiner: Joiner | undefined): Room {
  const named = room.authors.find(([seq]) => seq === joiner?.unfollowed);
  if (named === undefined) return room;
  return { ...room, authors: [...room.authors.filter((one) => one !== named), named] };
}

/** A device that joins again restarts its counter. */
function counterReset(peers: Room['peers'], leaf: LeafNode): Room['peers'] {
  const device = deviceOf(leaf) ?? '';
  const known = peers.get(device);
  return known === undefined ? peers : new Map(peers).set(device, { ...known, n: 0 });
}

function eventsOf(
  old: Room,
  after: Room,
  change: MembershipChange,
  entry: DecodedEntry,
  joiner?: Joiner,
): RoomEvent[] {
  const at = { seq: entry.seq, at: entry.at };
  switch (change.kind) {
    case 'heal': {
      const by = memberAt(old, change.by);
      return [{ kind: 'healed', ...at, by }, ...renamedOf(old, after, by?.identity, at)];
    }
    case 'state':
      return [{ kind: 'changed', ...at, by: memberAt(old, change.by), settings: settingsOf(old, after) }];
    case 'remove': {
      const [leaf] = change.removed;
      const member = leaf === undefined ? undefined : memberAt(old, leaf);
      if (member === undefined) return [];
      const device = personsIn(after.mls).has(member.identity) || undefined;
      const removed: RoomEvent = {
        kind: 'removed',
        ...at,
        member,
        by: memberAt(old, change.by),
        ...(device && { device }),
        ...(change.keep && { keep: change.keep }),
      };
      return [removed, ...renamedOf(old, after, member.identity, at)];
    }
    case 'join': {
      const leaf = joiner && leafOf(after.mls, joiner.leaf.signaturePublicKey);
      const member = leaf === undefined ? undefined : memberAt(after, leaf);
      if (member === undefined || joiner === undefined) return [];
      const again = change.replaces !== undefined;
      const another = !again && personsIn(old.mls).has(member.identity);
      const returned = again ? returnOf(old, joiner) : undefined;
      const how = { invite: joiner.invite, again, another, ...(returned && { returned }) };
      return [{ kind: 'joined', ...at, member, ...how }, ...renamedOf(old, after, member.identity, at)];
    }
  }
}

function returnOf(room: Room, { unfollowed }: Joiner): { readonly from?: Author } | undefined {
  if (unfollowed === undefined) return undefined;
  const device = room.authors.find(([seq]) => seq === unfollowed)?.[1];
  const from = membersOf(room).find((m) => m.device === device);
  return from === undefined ? {} : { from };
}

/** The line about a person who has another name than before. */
function renamedOf(
  old: Room,
  after: Room,
  identity: string | undefined,
  { seq, at }: Pick<DecodedEntry, 'seq' | 'at'>,
): RoomEvent[] {
  if (identity === undefined) return [];
  const [was, is] = [namingLeaf(old, identity), namingLeaf(after, identity)];
  if (was === undefined || is === undefined || was.name === is.name) return [];
  return [{ kind: 'renamed', seq, at, member: is, was: was.name }];
}

function leafOf(mls: MlsState, leafKey: Uint8Array): number | undefined {
  return [...leavesOf(mls.ratchetTree)].find(([, leaf]) => equalBytes(leaf.signaturePublicKey, leafKey))?.[0];
}
