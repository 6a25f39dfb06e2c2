import { decodeBytes } from '@gochat/protocol/encoding';
import type { InviteId } from '@gochat/protocol/fields';
import { takeOver } from './admin-key.ts';
import { adopt } from './adopt.ts';
import type { RoomEvent, Settings, Step } from './event.ts';
import { joinHolds, readJoinAad } from './invite.ts';
import type { DecodedEntry } from './log-entry.ts';
import {
  type Candidate,
  candidate,
  commitIn,
  deviceOf,
  identityOf,
  isGenuine,
  type LeafNode,
  leavesOf,
  type MlsState,
  type PublicMessage,
  readPrivateMessage,
  readPublicMessage,
  sameDevice,
} from './mls.ts';
import { isCleanName } from './names.ts';
import { classify, isExactly, type MembershipChange } from './policy.ts';
import { equalBytes } from './primitives.ts';
import { before, memberAt, membersOf, ownLeaf, type PendingCommit, type Room, withoutDoubt } from './room.ts';
import { liveInvite } from './room-state.ts';
import { isJoin, openBody, openJoin } from './seal.ts';

/** @param old the room before this entry. @param room the same room after reading the entry, with its position as the base. */
export async function receiveHandshake(
  old: Room,
  room: Room,
  entry: DecodedEntry,
  now: number,
): Promise<Step<Room>> {
  if (old.pending?.hash === entry.hash) return ownLanded(old, room, old.pending, entry, now);
  return isJoin(entry.body) ? receiveJoin(room, entry) : receiveCommit(room, entry);
}

function skipped(room: Room, entry: DecodedEntry): Step<Room> {
  return {
    room,
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
  const closed = joinsClosedAfter(room.joinsClosed, pending.intent);
  const adopted = await adopt(room, entry.seq, pending.mls, closed);
  const healed = pending.intent === 'heal' || pending.intent === 'remove';
  const after: Room = {
    ...adopted,
    pending: undefined,
    admin: isOwnAdmin(adopted) ? (pending.admin ?? adopted.admin) : undefined,
    key: entry.seq,
    accessKey: adopted.keys.access,
    doubt: adopted.doubt && { ...adopted.doubt, alone: true },
    status: adopted.status === 'rolled-back' && healed ? 'active' : adopted.status,
    wantsHeal: healed || adopted.wantsHeal === 'doubt' ? undefined : adopted.wantsHeal,
    rotatedAt: healed ? now : adopted.rotatedAt,
  };
  const landed: RoomEvent = { kind: 'landed', seq: entry.seq, request: pending.request };
  return {
    room: after,
    events: change === undefined ? [landed] : [...eventsOf(old, after, change, entry), landed],
    secretsToWipe: [],
  };
}

function ownChange(old: Room, pending: PendingCommit): MembershipChange | undefined {
  const by = ownLeaf(old);
  if (pending.intent === 'heal') return { kind: 'heal', by };
  if (pending.intent === 'state') return { kind: 'state', by, state: before(old).state };
  const after = leavesOf(pending.mls.ratchetTree);
  const removed = [...leavesOf(old.mls.ratchetTree).keys()].find((leaf) => !after.has(leaf));
  return removed === undefined ? undefined : { kind: 'remove', by, removed };
}

function joinsClosedAfter(closed: boolean, intent: string): boolean {
  if (intent === 'remove') return true;
  return intent === 'state' ? false : closed;
}

async function receiveCommit(room: Room, entry: DecodedEntry): Promise<Step<Room>> {
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
  const current = before(room);
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
  } catch {
    return change === undefined ? skipped(room, entry) : inDoubt(room, entry, by);
  }
  if (own) return overtakenByCopy(room, entry);
  if (next === undefined || change === undefined) return skipped(room, entry);
  if (change.kind === 'remove' && change.removed === ownLeaf(room))
    return removedSelf(room, entry, change.by, next);
  if (!isExactly(change, current, next.state)) return skipped(room, entry);
  const step = await advanced(room, entry, change, next);
  return change.kind === 'state' && step.room !== room
    ? { ...step, room: await withAdminKey(room, step.room, change.by, message.authenticatedData) }
    : step;
}

/** After an admin's change of the room state: this device may have received the admin key, or may no longer be an admin. */
async function withAdminKey(old: Room, after: Room, by: number, aad: Uint8Array): Promise<Room> {
  if (!isOwnAdmin(after)) return { ...after, admin: undefined };
  const given = memberAt(old, by)?.admin === true ? await takeOver(old, aad) : undefined;
  return given === undefined ? after : { ...after, admin: given };
}

function isOwnAdmin(room: Room): boolean {
  return room.context.state === 'newer' || memberAt(room, ownLeaf(room))?.admin === true;
}

function inDoubt(room: Room, entry: DecodedEntry, by?: number): Step<Room> {
  const author = by === undefined ? undefined : memberAt(room, by)?.device;
  return skipped({ ...room, doubt: { by: author, alone: false } }, entry);
}

/** Another copy of this profile has committed or joined again. Only that copy has the keys of the new epoch. */
function overtakenByCopy(room: Room, entry: DecodedEntry): Step<Room> {
  const events: RoomEvent[] = [
    { kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'broken' } },
  ];
  return { room: { ...room, status: 'broken', doubt: undefined }, events, secretsToWipe: [] };
}

function removedSelf(room: Room, entry: DecodedEntry, by: number, next: Candidate): Step<Room> {
  const self = memberAt(room, ownLeaf(room));
  const events: RoomEvent[] =
    self === undefined
      ? []
      : [{ kind: 'removed', seq: entry.seq, at: entry.at, member: self, by: memberAt(room, by) }];
  return {
    room: { ...room, status: 'removed', pending: undefined },
    events,
    secretsToWipe: next.secretsToWipe,
  };
}

async function receiveJoin(room: Room, entry: DecodedEntry): Promise<Step<Room>> {
  const bytes = await openJoin(room.keys, room.id, entry.body);
  const message = bytes && readPublicMessage(bytes);
  const joiner = message && (await admitted(room, message));
  if (message === undefined || joiner === undefined) return skipped(room, entry);
  const current = before(room);
  const self = leavesOf(room.mls.ratchetTree).get(ownLeaf(room));
  const copied = self !== undefined && sameDevice(self.credential, joiner.leaf.credential);
  let change: MembershipChange | undefined;
  let own = false;
  let next: Candidate | undefined;
  try {
    next = await candidate(room.mls, { joiner: message }, (commit) => {
      change = commit.sender === undefined ? classify(current, commit) : undefined;
      own = copied && change?.kind === 'join' && change.replaces === ownLeaf(room);
      return change?.kind === 'join' && change.replaces !== ownLeaf(room);
    });
  } catch {
    return change === undefined ? skipped(room, entry) : inDoubt(room, entry);
  }
  if (own) return overtakenByCopy(room, entry);
  if (next === undefined || change === undefined || !isExactly(change, current, next.state, joiner.leaf))
    return skipped(room, entry);
  return advanced(room, entry, change, next, joiner);
}

interface Joiner {
  readonly leaf: LeafNode;
  readonly invite: InviteId;
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
  const invite = liveInvite(before(room).state, claim.invite);
  const name = identityOf(leaf.credential)?.name;
  if (
    invite === undefined ||
    leaf.credential.credentialType !== 'basic' ||
    name === undefined ||
    !isCleanName(name)
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
    },
    claim.signature,
  );
  return holds && (await isGenuine(leaf)) ? { leaf, invite: claim.invite } : undefined;
}

async function advanced(
  room: Room,
  entry: DecodedEntry,
  change: MembershipChange,
  next: Candidate,
  joiner?: Joiner,
): Promise<Step<Room>> {
  let after: Room;
  try {
    after = await adopt(room, entry.seq, next.state, joinsClosedAfter(room.joinsClosed, change.kind));
  } catch {
    return skipped(room, entry);
  }
  const author = change.kind === 'join' ? undefined : memberAt(room, change.by)?.device;
  if (author === undefined || author !== room.doubt?.by) after = withoutDoubt(after);
  if (change.kind === 'remove') after = { ...after, key: entry.seq, accessKey: after.keys.access };
  if (joiner !== undefined) after = { ...after, peers: counterReset(after.peers, joiner.leaf) };
  return {
    room: after,
    events: eventsOf(room, after, change, entry, joiner),
    secretsToWipe: next.secretsToWipe,
  };
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
    case 'heal':
      return [{ kind: 'healed', ...at, by: memberAt(old, change.by) }];
    case 'state':
      return [{ kind: 'changed', ...at, by: memberAt(old, change.by), settings: settingsOf(old, after) }];
    case 'remove': {
      const member = memberAt(old, change.removed);
      return member === undefined ? [] : [{ kind: 'removed', ...at, member, by: memberAt(old, change.by) }];
    }
    case 'join': {
      const leaf = joiner && leafOf(after.mls, joiner.leaf.signaturePublicKey);
      const member = leaf === undefined ? undefined : memberAt(after, leaf);
      if (member === undefined || joiner === undefined) return [];
      return [{ kind: 'joined', ...at, member, invite: joiner.invite, again: change.replaces !== undefined }];
    }
  }
}

function settingsOf(old: Room, after: Room): Settings {
  const was = old.context.state;
  const is = after.context.state;
  if (was === 'newer' || is === 'newer') return { admins: [], dropped: [] };
  const whose = (identities: readonly string[]) =>
    membersOf(after).filter((m) => identities.includes(m.identity));
  return {
    admins: whose(is.admins.filter((identity) => !was.admins.includes(identity))),
    dropped: whose(was.admins.filter((identity) => !is.admins.includes(identity))),
    ...(is.name !== was.name && { name: is.name }),
    ...(is.topic !== was.topic && { topic: is.topic ?? '' }),
  };
}

function leafOf(mls: MlsState, leafKey: Uint8Array): number | undefined {
  return [...leavesOf(mls.ratchetTree)].find(([, leaf]) => equalBytes(leaf.signaturePublicKey, leafKey))?.[0];
}
