import { base64url, equal } from './encoding.ts';
import { checkJoinData, inviteOfData } from './join-data.ts';
import type { Commit, Group, Member } from './mls.ts';
import {
  fingerprintOf,
  type Invite,
  isActingAdmin,
  isVoid,
  type RoomState,
  readRoomState,
} from './room-state.ts';

/**
 * docs/protocol.md, “Commits”: what a member checks. It leaves out the subgroup of prime order, the table of Unicode
 * 17.0, and room states with a greater `v`.
 */

export interface Verdict {
  readonly change: 'heal' | 'remove' | 'state' | 'join';
  readonly by: Member;
  readonly state: RoomState;
  readonly items: ReadonlyMap<number, Uint8Array>;
  readonly joinsClosed: boolean;
}

interface Room {
  readonly id: string;
  readonly group: Group;
  readonly state: RoomState;
  readonly joinsClosed: boolean;
  /** The id of the own invite that a `state` of this epoch may add. */
  readonly ownInvite: string;
}

const KEEP = 5;

function assert(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`against the rules: ${rule}`);
}

/** The list of items in the data of a member's commit. */
function readItems(data: Uint8Array): Map<number, Uint8Array> {
  const items = new Map<number, Uint8Array>();
  const buffer = Buffer.from(data);
  for (let at = 0; at < data.length; ) {
    assert(at + 5 <= data.length, 'an item has a type and a length');
    const [type, length] = [buffer.readUInt8(at), buffer.readUInt32BE(at + 1)];
    assert(
      at + 5 + length <= data.length && !items.has(type),
      'items are complete, and each type occurs once',
    );
    items.set(type, data.slice(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return items;
}

const sameLeaf = (a: Member, b: Member) =>
  equal(a.signatureKey, b.signatureKey) &&
  equal(a.encryptionKey, b.encryptionKey) &&
  equal(a.credential, b.credential) &&
  a.rest === b.rest;

const newKeys = (a: Member, b: Member) =>
  !equal(a.signatureKey, b.signatureKey) &&
  !equal(a.encryptionKey, b.encryptionKey) &&
  equal(a.credential.slice(0, 130), b.credential.slice(0, 130)) &&
  a.rest === b.rest;

const unique = (keys: readonly Uint8Array[]) => new Set(keys.map(base64url)).size === keys.length;

/** @throws if the room's members must skip the commit */
export function judge(room: Room, commit: Commit): Verdict {
  const [before, after] = [room.group.members, commit.group.members];
  assert(unique(after.map(({ signatureKey }) => signatureKey)), 'signature keys are unique');
  assert(unique(after.map(({ encryptionKey }) => encryptionKey)), 'encryption keys are unique');
  assert(after.length <= 1000, 'at most 1000 members');
  const { genesis, roomState } = commit.group.extensions;
  assert(equal(genesis, room.group.extensions.genesis), 'the genesis never changes');
  if (commit.committer === null) return judgeJoin(room, commit);
  const by = before.find(({ leaf }) => leaf === commit.committer);
  assert(by !== undefined, 'the committer has a leaf');
  const items = readItems(commit.data);
  const change = commit.kinds.length === 0 ? 'heal' : commit.kinds[0] === 'remove' ? 'remove' : 'state';
  const renewed = after.find(({ leaf }) => leaf === by.leaf);
  assert(renewed !== undefined, 'the committer keeps its leaf');
  const stays = change === 'state' && sameLeaf(by, renewed);
  assert(stays || newKeys(by, renewed), 'the leaf of the committer has new keys');
  const others = before.filter(({ leaf }) => leaf !== by.leaf && !commit.removed.includes(leaf));
  const kept = others.every((member) =>
    after.some((now) => now.leaf === member.leaf && sameLeaf(now, member)),
  );
  assert(kept && after.length === others.length + 1, 'nothing else differs in the leaves');
  if (change === 'state') {
    assert(commit.kinds.join() === 'group_context_extensions', 'one GroupContextExtensions');
    const state = readRoomState(roomState);
    checkState(room, by, state);
    return { change, by, state, items, joinsClosed: false };
  }
  assert(equal(roomState, room.group.extensions.roomState), 'only a state changes the room state');
  if (change === 'heal') return { change, by, state: room.state, items, joinsClosed: room.joinsClosed };
  checkRemove(room, by, commit, items.has(KEEP));
  return { change, by, state: room.state, items, joinsClosed: room.joinsClosed || !items.has(KEEP) };
}

const isAdmin = ({ admins }: RoomState, identity: string) => admins.includes(identity);
const isMod = ({ mods }: RoomState, identity: string) => mods?.includes(identity) === true;

function checkRemove({ group, state }: Room, by: Member, commit: Commit, keep: boolean): void {
  const removed = group.members.filter(({ leaf }) => commit.removed.includes(leaf));
  const [person, ...more] = new Set(removed.map(({ identity }) => identity));
  assert(person !== undefined && more.length === 0, 'leaves of one identity');
  assert(commit.kinds.every((kind) => kind === 'remove') && removed.length <= 8, 'one to eight Removes');
  const official = isAdmin(state, person) || isMod(state, person);
  const may = state.pair
    ? person === by.identity
    : isAdmin(state, by.identity) || person === by.identity || (isMod(state, by.identity) && !official);
  assert(may && !by.limited, 'who may remove');
  const remain = commit.group.members.some(({ identity }) => identity === person);
  assert(!(keep && official && !remain), 'a remove of an admin or moderator ends the invites');
}

function judgeJoin({ id, group, state, joinsClosed }: Room, commit: Commit): Verdict {
  assert(!joinsClosed, 'joins are closed');
  assert(equal(group.extensions.roomState, commit.group.extensions.roomState), 'a join changes no state');
  const kinds = commit.kinds.filter((kind) => kind !== 'remove');
  assert(
    kinds.join() === 'external_init' && commit.removed.length <= 1,
    'one ExternalInit, at most one Remove',
  );
  const isNew = (member: Member) => !group.members.some((was) => sameLeaf(was, member));
  const [by, ...others] = commit.group.members.filter(isNew);
  assert(by !== undefined && others.length === 0, 'one new leaf');
  const former = group.members.find(({ leaf }) => leaf === commit.removed[0]);
  assert(commit.group.members.length === group.members.length + (former ? 0 : 1), 'nothing else differs');
  const invite = state.invites.find((candidate) => candidate.id === inviteOfData(commit.data));
  assert(invite !== undefined && !isVoid(state, invite), 'the invite is in the room state');
  const joining = { room: id, groupId: group.groupId, epoch: group.epoch };
  checkJoinData(
    { ...joining, signatureKey: by.signatureKey, credential: by.credential },
    invite.join,
    commit.data,
  );
  const isSelfRoom = group.extensions.genesis[32] === 3;
  assert(!isSelfRoom || invite.own === true, 'only devices of the founder join a self room');
  assert(!invite.knock && [undefined, by.identity].includes(invite.for), 'the invite is for the joiner');
  assert(state.bans?.includes(fingerprintOf(by.identity)) !== true, 'the joiner is not banned');
  assert(!state.pair || state.pair.includes(by.identity), 'only the pair joins a direct room');
  const leaves = group.members.filter(({ identity }) => identity === by.identity);
  if (former) {
    const own = former.device === by.device && equal(former.signatureKey, by.signatureKey);
    assert(own && leaves.includes(former), 'a joiner replaces only its own leaf');
  } else {
    assert(!group.members.some(({ device }) => device === by.device), 'the device has no leaf');
    const allowed = invite.own ? leaves.length >= 1 && leaves.length <= 7 : leaves.length === 0;
    assert(allowed, 'how many leaves the person has');
  }
  return { change: 'join', by, state, items: new Map(), joinsClosed };
}

const FIXED = 'name topic admins mods speak voices mutes slow links history bans'.split(' ');
const json = (value: unknown) => JSON.stringify(value) ?? '';
const sameInvite = (a: Invite) => (b: Invite) => json(a) === json(b);

/** The room state as a `state` that opens joins again starts from it: without the officials who have no leaf. */
function withoutAbsent(state: RoomState, leaves: ReadonlySet<string>): RoomState {
  if (state.pair) return state;
  const { mods, voices, ...rest } = state;
  const present = (keys: readonly string[] = []) => keys.filter((key) => leaves.has(key));
  return {
    ...rest,
    admins: present(state.admins),
    ...(present(mods).length > 0 ? { mods: present(mods) } : {}),
    ...(present(voices).length > 0 ? { voices: present(voices) } : {}),
  };
}

function checkState(room: Room, by: Member, now: RoomState): void {
  const { group, state, joinsClosed } = room;
  const leaves = new Set(group.members.map(({ identity }) => identity));
  const was = joinsClosed ? withoutAbsent(state, leaves) : state;
  const members = [...Object.keys(was), ...Object.keys(now)] as (keyof RoomState)[];
  const differs = members.filter((member) => json(was[member]) !== json(now[member]));
  const [admin, mod] = [isActingAdmin(was, by), !by.limited && isMod(was, by.identity)];
  const staffs = ['mutes', 'bans', 'pins'];
  assert(admin || mod || !differs.some((member) => staffs.includes(member)), 'what only staff changes');
  const everybodys = [...staffs, 'invites', 'lastRemoveEpoch'];
  assert(admin || differs.every((member) => everybodys.includes(member)), 'what only an admin changes');
  assert(!differs.includes('pair'), 'pair never differs');
  assert(
    !was.pair || !differs.some((member) => FIXED.includes(member)),
    'what never differs in a direct room',
  );
  const added = [...now.admins, ...(now.mods ?? []), ...(now.voices ?? [])].filter(
    (key) => ![...was.admins, ...(was.mods ?? []), ...(was.voices ?? [])].includes(key),
  );
  assert(
    added.every((key) => leaves.has(key)),
    'a new identity has a leaf',
  );
  assert(!now.admins.some((key) => isMod(now, key)), 'no admin is a moderator');
  assert(now.admins.length > 0 || !was.admins.some((key) => leaves.has(key)), 'admins is not empty');
  checkInvites(room, by, admin || mod, now);
}

function checkInvites(room: Room, by: Member, staff: boolean, next: RoomState) {
  const { group, state, joinsClosed } = room;
  const epoch = Number(group.epoch);
  const ids = next.invites.map(({ id }) => id);
  assert(new Set(ids).size === ids.length, 'no invite occurs twice');
  assert(next.invites.filter(({ own }) => own).length <= 1, 'one own invite');
  for (const invite of next.invites) {
    const known = state.invites.find(({ id }) => id === invite.id);
    if (known) assert(!joinsClosed && sameInvite(known)(invite), 'an invite is unchanged');
    else {
      assert(
        invite.epoch === epoch && invite.by === by.identity,
        'a new invite is of this epoch and committer',
      );
      const bare = [invite.for, invite.knock, invite.safe].every((member) => member === undefined);
      assert(!invite.own || (bare && invite.id === room.ownInvite), 'the own invite is that of the epoch');
      assert(invite.safe === undefined || staff, 'only staff makes a safe');
      assert(invite.own === true || state.links === undefined || staff, 'only staff makes invites');
    }
  }
  for (const invite of state.invites) {
    const gone = !ids.includes(invite.id);
    const mine = invite.by === by.identity && !by.limited && !invite.own && invite.safe === undefined;
    const may = joinsClosed || staff || mine;
    assert(!gone || may, 'who may drop an invite');
  }
  const lastRemove = joinsClosed ? epoch - 1 : state.lastRemoveEpoch;
  assert(next.lastRemoveEpoch === lastRemove, 'lastRemoveEpoch');
}
