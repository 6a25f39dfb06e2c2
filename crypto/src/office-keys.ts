import { encodeBytes } from '@gochat/protocol/encoding';
import type { Rules } from '@gochat/protocol/rules';
import { COMMIT_DATA, type CommitData, type CommitDataItem } from './commit-data.ts';
import { ROOM_KIND } from './genesis.ts';
import { HANDED, handOver, takeOver } from './hand-over.ts';
import type { MembershipChange } from './policy.ts';
import { type Env, type SigningKey, signingKey } from './primitives.ts';
import {
  type Member,
  memberAt,
  membersOf,
  OFFICE_KEYS,
  type OfficeKey,
  ownLeaf,
  type Room,
  stateOf,
} from './room.ts';
import { needsVoice, serverRules } from './room-rules.ts';
import type { RoomState } from './room-state.ts';
import { roleOf } from './speaking.ts';

/** The keys of a room that a device has or that a commit replaces. */
export type OfficeKeys = { readonly [K in OfficeKey]?: SigningKey | undefined };

/** Whether a device of this person has such a key under a room state. Limited devices have none but the voice key. */
function holds(
  kind: OfficeKey,
  state: RoomState,
  { identity, limited }: Pick<Member, 'identity' | 'limited'>,
) {
  const role = roleOf(state, identity);
  const staff = role === 'admin' || role === 'moderator';
  if (kind === 'voice') return needsVoice(state) && (staff || role === 'speaker');
  return !limited && (kind === 'admin' ? role === 'admin' : staff);
}

/** What an admin's commit does with the keys. */
export interface KeyChange {
  /** The keys that it replaces. */
  readonly keys: OfficeKeys;
  /** What hands keys over. */
  readonly data: readonly CommitDataItem[];
  /** What the server is ordered to enforce, if that changes. */
  readonly rules?: Rules;
}

/** What an admin's commit changes. */
interface Governing {
  /** The room state after it. */
  readonly state: RoomState;
  /** The leaves that it removes. */
  readonly gone?: readonly number[];
  /** Whether it is a heal: this replaces the admin and the keepers key, and hands each key to all who should have it. */
  readonly heals?: boolean;
  /** The identity key of somebody who is given the keys of its office once more. */
  readonly again?: string;
}

/**
 * @param room of an admin who has the admin key
 * @returns new keys in place of those that somebody knows who holds the office no longer, and all that is to be handed over
 */
export async function changeKeys(room: Room, change: Governing, env: Env): Promise<KeyChange> {
  const { state, gone = [], heals = false, again } = change;
  const now = stateOf(room);
  const keys: { [K in OfficeKey]?: SigningKey } = {};
  const data: CommitDataItem[] = [];
  for (const kind of OFFICE_KEYS) {
    const before = membersOf(room).filter((m) => holds(kind, now, m));
    const after = membersOf(room).filter((m) => !gone.includes(m.leaf) && holds(kind, state, m));
    if (after.length === 0) continue;
    const isLost = before.some((m) => !after.includes(m));
    const renewed = isLost || (heals && isHealed(room, kind)) || lacks({ ...room, state }, kind);
    const key = renewed ? signingKey(env.random(32)) : room[kind];
    if (key === undefined) continue;
    if (renewed) keys[kind] = key;
    const isGiven = (m: Member) => heals || renewed || m.identity === again || !before.includes(m);
    const devices = after.filter((m) => !m.self && isGiven(m)).map((m) => m.device);
    const parts = await handOver(room, kind, devices, key);
    if (parts.length > 0) data.push([HANDED[kind].data, parts]);
  }
  const rules = serverRules(state, publicOf(keys.voice ?? room.voice));
  const isSame = JSON.stringify(rules) === JSON.stringify(serverRules(now, publicOf(room.voice)));
  return { keys, data, ...(!isSame && { rules }) };
}

/** Whether an admin's heal replaces a key. The voice opens nothing: it is replaced when somebody knows it who has none. */
function isHealed({ keysDue, context }: Room, kind: OfficeKey): boolean {
  // Other rooms have no moderators.
  if (kind === 'keepers') return context.kind === ROOM_KIND.room;
  return kind === 'admin' || keysDue === 'exposed';
}

/** Whether a room needs a key that this device, an admin's, should have and has not. */
function lacks(room: OfficeKeys & { readonly state: RoomState }, kind: OfficeKey): boolean {
  if (kind === 'admin' || room[kind] !== undefined) return false;
  return kind === 'voice' ? needsVoice(room.state) : room.state.mods !== undefined;
}

/** Whether an admin's device should heal soon: somebody lacks a key of its office, or knows one and holds the office no longer. */
export function needsKeys({ context: { state }, admin, keepers, voice, keysDue }: Room): boolean {
  if (admin === undefined || state === 'newer') return false;
  const keys = { keepers, voice, state };
  return keysDue !== undefined || lacks(keys, 'keepers') || lacks(keys, 'voice');
}

function publicOf(key: SigningKey | undefined): string | undefined {
  return key && encodeBytes(key.publicKey);
}

/** @returns the keys of this device after a member's commit: it may have been handed some, or hold the office no longer */
export async function keysAfter(old: Room, after: Room, by: number, data: CommitData): Promise<OfficeKeys> {
  const isAdmins = memberAt(old, by)?.admin === true;
  const keys: { [K in OfficeKey]?: SigningKey | undefined } = {};
  for (const kind of OFFICE_KEYS) {
    const parts = isAdmins && mayHold(kind, after) ? data.get(HANDED[kind].data) : undefined;
    keys[kind] = (parts && (await takeOver(old, kind, parts))) ?? after[kind];
  }
  return heldKeys(after, keys);
}

/** @returns of these keys those that this device should have in the room's present state */
export function heldKeys(
  room: Room,
  keys: OfficeKeys,
): { readonly [K in OfficeKey]: SigningKey | undefined } {
  const held = (kind: OfficeKey) => (mayHold(kind, room) ? keys[kind] : undefined);
  return { admin: held('admin'), keepers: held('keepers'), voice: held('voice') };
}

/** In a state of a newer version this device doesn't know, and forgets nothing. */
function mayHold(kind: OfficeKey, room: Room): boolean {
  const { state } = room.context;
  const self = memberAt(room, ownLeaf(room));
  return state === 'newer' || (self !== undefined && holds(kind, state, self));
}

/**
 * @param data of a member's commit
 * @returns the room's {@link Room.keysDue} after a change
 */
export function keysDueAfter(
  old: Room,
  after: Room,
  change: MembershipChange,
  data: CommitData,
): Room['keysDue'] {
  const [was, is] = [old.context.state, after.context.state];
  if (was === 'newer' || is === 'newer') return old.keysDue;
  const shared = (room: Room, state: RoomState) =>
    membersOf(room).filter(
      (m) => (state.mods !== undefined && holds('keepers', state, m)) || holds('voice', state, m),
    );
  if (change.kind === 'join') {
    const known = new Set(membersOf(old).map(({ device }) => device));
    const isNew = shared(after, is).some((m) => !known.has(m.device) || change.replaces === m.leaf);
    return old.keysDue ?? (isNew ? 'lacking' : undefined);
  }
  // Only who has the admin key can say how it is sealed.
  const governs = memberAt(old, change.by)?.admin === true && data.has(COMMIT_DATA.office);
  if (governs) return change.kind === 'heal' ? undefined : old.keysDue;
  const still = new Set(shared(after, is).map(({ device }) => device));
  return shared(old, was).some(({ device }) => !still.has(device)) ? 'exposed' : old.keysDue;
}
