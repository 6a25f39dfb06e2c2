import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import {
  nonce as fingerprint,
  type InviteId,
  inviteId,
  nonce as messageId,
  publicKey,
  type RoomId,
} from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import * as v from 'valibot';
import { type Genesis, POLICY_VERSION, ROOM_KIND, readGenesis } from './genesis.ts';
import { fingerprintOf } from './identity.ts';
import { EXTENSION, type Extension } from './mls/suite.ts';
import { equalBytes, fromUtf8, isUsableKey, utf8 } from './primitives.ts';
import { STATE_LIMITS } from './state-limits.ts';

const STATE_BYTES = 64 * 1024;
const TOPIC_LENGTH = 512;
const MORE_STRINGS = 16;
const MORE_BYTES = 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

/** Identity keys or fingerprints of them: each once, sorted by their characters. */
function sorted(item: v.GenericSchema<string>, most: number) {
  return v.pipe(v.array(item), v.maxLength(most), v.check(isSorted));
}

/** As {@link sorted}. An empty list is left out of the state. */
function listed(item: v.GenericSchema<string>, most: number) {
  return v.pipe(sorted(item, most), v.minLength(1));
}

function isSorted(list: string[]): boolean {
  return list.every((item, i) => i === 0 || (list[i - 1] ?? '') < item);
}

/** An invite as the room state lists it, with its public keys. */
export const memberInvite = v.strictObject({
  id: inviteId,
  /** Ed25519: verifies a joiner's claim. */
  join: publicKey,
  /** X25519: the GroupInfo's key is wrapped to it. Wrapping to a key of low order fails, and nobody could make a handshake. */
  wrap: v.pipe(
    publicKey,
    // It also runs for a text that is no key.
    v.check(
      (key) => !v.is(publicKey, key) || isUsableKey(decodeBytes(key)),
      'a key that is not of low order',
    ),
  ),
  /** The epoch in which the invite was created. */
  epoch: count,
  /** The identity key of the invite's creator. */
  by: publicKey,
  /** The invite by which members bring in devices of their own. Its secret is an exported one, which all members know. */
  own: v.optional(v.literal(true)),
  /** The identity key of the only person that may use the invite. */
  for: v.optional(publicKey),
  /** Whoever uses the invite asks to be let in, and isn't in by it. */
  knock: v.optional(v.literal(true)),
  /** The GroupInfo holds a safe for who has this invite's secret. */
  safe: v.optional(v.literal(true)),
});
export type MemberInvite = v.InferOutput<typeof memberInvite>;

/** The members are in the order of the encoding. */
const roomState = v.strictObject({
  v: v.literal(POLICY_VERSION),
  name,
  topic: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(TOPIC_LENGTH))),
  /** Identity keys. Empty if no admin has a leaf any more. */
  admins: sorted(publicKey, LIMITS.adminsPerRoom),
  /** Identity keys of the moderators. */
  mods: v.optional(listed(publicKey, STATE_LIMITS.moderators)),
  /** Who may post: `staff` is admins and moderators, `listed` those and `voices`. Absent: all members. */
  speak: v.optional(v.picklist(['staff', 'listed'])),
  voices: v.optional(listed(publicKey, STATE_LIMITS.voices)),
  /** Identity keys of those who may not post. */
  mutes: v.optional(listed(publicKey, STATE_LIMITS.voices)),
  /** The shortest time between two messages of a person, in seconds. */
  slow: v.optional(seconds),
  /** Who may make invites. Absent: all members. */
  links: v.optional(v.literal('staff')),
  /** How much of the history joiners get: so many messages, so many days, or all of it. Absent: nothing. */
  history: v.optional(
    v.union([v.strictObject({ last: seconds }), v.strictObject({ days: seconds }), v.literal('all')]),
  ),
  /** After how many seconds a message disappears. */
  expire: v.optional(seconds),
  /** 16-byte fingerprints of the identities that may not join. */
  bans: v.optional(listed(fingerprint, STATE_LIMITS.bans)),
  /** The two persons of a direct room, for ever. */
  pair: v.optional(v.pipe(sorted(publicKey, 2), v.minLength(2))),
  /** Ids of pinned messages. */
  pins: v.optional(v.pipe(v.array(messageId), v.minLength(1), v.maxLength(STATE_LIMITS.pins))),
  invites: v.pipe(v.array(memberInvite), v.maxLength(LIMITS.invitesPerRoom)),
  /** The last epoch that a Remove ended. Invites created in it or earlier are void. */
  lastRemoveEpoch: v.optional(count),
  /** For later versions. No rule depends on it. */
  more: v.optional(
    v.pipe(v.array(v.pipe(v.string(), v.maxBytes(MORE_BYTES))), v.minLength(1), v.maxLength(MORE_STRINGS)),
  ),
});

/** What all members agree on besides the tree. It is an extension of the GroupContext. */
export type RoomState = v.InferOutput<typeof roomState>;

/**
 * @returns canonical JSON: members in the schema's order, lists in the given order, nothing that is undefined.
 * @throws RangeError above 64 KiB; ValiError if a member is invalid.
 */
export function encodeRoomState(state: RoomState): Uint8Array {
  // The parser puts the members into the schema's order.
  const bytes = utf8(JSON.stringify(v.parse(roomState, state)));
  if (bytes.length > STATE_BYTES) throw new RangeError('the room state has at most 64 KiB');
  return bytes;
}

/** @returns `newer` for a later policy version than this software's; undefined if the bytes are not canonical room state. */
export function decodeRoomState(bytes: Uint8Array): RoomState | 'newer' | undefined {
  if (bytes.length > STATE_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(roomState, value);
  if (!parsed.success) return isNewer(value) ? 'newer' : undefined;
  return equalBytes(utf8(JSON.stringify(parsed.output)), bytes) ? parsed.output : undefined;
}

function isNewer(value: unknown): boolean {
  const version = v.safeParse(
    v.object({ v: v.pipe(v.number(), v.safeInteger(), v.minValue(POLICY_VERSION + 1)) }),
    value,
  );
  return version.success;
}

export function contextExtensions(genesis: Uint8Array, state: RoomState): Extension[] {
  return [
    { extensionType: EXTENSION.genesis, extensionData: genesis },
    { extensionType: EXTENSION.roomState, extensionData: encodeRoomState(state) },
  ];
}

/** The extensions of a GroupContext, decoded. */
export interface Context extends Genesis {
  /** The bytes of the genesis extension. */
  readonly genesis: Uint8Array;
  readonly state: RoomState | 'newer';
}

/** @returns undefined unless the extensions are exactly a genesis that is valid for this room and group, and a room state. */
export function readContext(
  extensions: readonly Extension[],
  room: RoomId,
  groupId: Uint8Array,
): Context | undefined {
  const [genesis, stateBytes] = extensions;
  if (extensions.length !== 2 || genesis?.extensionType !== EXTENSION.genesis) return undefined;
  if (stateBytes?.extensionType !== EXTENSION.roomState) return undefined;
  const read = readGenesis(genesis.extensionData, room, groupId);
  const state = read && decodeRoomState(stateBytes.extensionData);
  if (read === undefined || state === undefined || (state !== 'newer' && !fitsKind(state, read)))
    return undefined;
  return { ...read, genesis: genesis.extensionData, state };
}

/** The name in the state of every direct room. Each of the two sees the other's. */
export const DIRECT_NAME = 'direct';

/** What never changes in a direct room: its two persons have the same rights, and nobody else comes in. */
export const FIXED_IN_DIRECT = [
  'name',
  'topic',
  'admins',
  'mods',
  'speak',
  'voices',
  'mutes',
  'slow',
  'links',
  'history',
  'bans',
] as const satisfies readonly (keyof RoomState)[];

/** Whether a direct room, and no other, names its two persons, one of whom is the founder. Both are its admins, and it has no other rule. */
function fitsKind(state: RoomState, { kind, founder }: Genesis): boolean {
  const { pair, name, admins } = state;
  if (kind !== ROOM_KIND.direct || pair === undefined) return kind !== ROOM_KIND.direct && pair === undefined;
  const isBare = FIXED_IN_DIRECT.every(
    (member) => ['name', 'admins'].includes(member) || state[member] === undefined,
  );
  return (
    isBare &&
    name === DIRECT_NAME &&
    pair.includes(encodeBytes(founder)) &&
    JSON.stringify(admins) === JSON.stringify(pair)
  );
}

export function isAdmin(state: RoomState, identityKey: Uint8Array): boolean {
  return state.admins.includes(encodeBytes(identityKey));
}

/** Whether the identity is an admin or a moderator. */
export function isStaff(state: RoomState, identity: string): boolean {
  return state.admins.includes(identity) || state.mods?.includes(identity) === true;
}

export function isBanned({ bans }: RoomState, identityKey: Uint8Array): boolean {
  return bans?.includes(encodeBytes(fingerprintOf(identityKey))) === true;
}

/** @returns the invite with this id, or undefined if there is none or a Remove has voided it. */
export function liveInvite(state: RoomState, id: InviteId): MemberInvite | undefined {
  return state.invites.find((invite) => invite.id === id && invite.epoch > (state.lastRemoveEpoch ?? -1));
}

/** Whether an invite is the answer to a knock that was declined: by it nobody comes in, and only the knocker can ask for it. */
export function isDeclined(invite: MemberInvite): boolean {
  return invite.knock === true && invite.for !== undefined;
}

export function wrapKeyOf(invite: MemberInvite): Uint8Array {
  return decodeBytes(invite.wrap);
}
