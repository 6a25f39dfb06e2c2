import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { type InviteId, inviteId, publicKey, type RoomId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import * as v from 'valibot';
import { fingerprintOf, type Identity } from './identity.ts';
import { EXTENSION, type Extension } from './mls.ts';
import {
  concatBytes,
  equalBytes,
  fromUtf8,
  isUsableKey,
  sign,
  transcript,
  uint32,
  utf8,
  verify,
} from './primitives.ts';

/** The version of the policy by which members accept commits. */
export const POLICY_VERSION = 1;
const STATE_BYTES = 32 * 1024;
const TOPIC_LENGTH = 512;

const epoch = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

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
  epoch,
  /** The identity key of the invite's creator. */
  by: publicKey,
});
export type MemberInvite = v.InferOutput<typeof memberInvite>;

const roomState = v.strictObject({
  v: v.literal(POLICY_VERSION),
  name,
  topic: v.optional(v.pipe(v.string(), v.maxLength(TOPIC_LENGTH))),
  /** Identity keys of the admins, sorted. */
  admins: v.pipe(v.array(publicKey), v.minLength(1), v.maxLength(LIMITS.adminsPerRoom)),
  invites: v.pipe(v.array(memberInvite), v.maxLength(LIMITS.invitesPerRoom)),
  /** The last epoch that a Remove ended. Invites created in it or earlier are void. */
  lastRemoveEpoch: v.optional(epoch),
});

/** What all members agree on besides the tree. It is an extension of the GroupContext. */
export type RoomState = v.InferOutput<typeof roomState>;

/** @returns canonical JSON: keys in the schema's order, lists in the given order. @throws RangeError above 32 KiB. */
export function encodeRoomState(state: RoomState): Uint8Array {
  const bytes = utf8(
    JSON.stringify({
      v: state.v,
      name: state.name,
      topic: state.topic,
      admins: state.admins,
      invites: state.invites.map(({ id, join, wrap, epoch, by }) => ({ id, join, wrap, epoch, by })),
      lastRemoveEpoch: state.lastRemoveEpoch,
    }),
  );
  if (bytes.length > STATE_BYTES) throw new RangeError('the room state has at most 32 KiB');
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
  return equalBytes(encodeRoomState(parsed.output), bytes) ? parsed.output : undefined;
}

function isNewer(value: unknown): boolean {
  const version = v.safeParse(
    v.object({ v: v.pipe(v.number(), v.safeInteger(), v.minValue(POLICY_VERSION + 1)) }),
    value,
  );
  return version.success;
}

/** @returns what the founder signs in the genesis: room id, group id and policy version. */
function genesisBytes(room: RoomId, groupId: Uint8Array): Uint8Array {
  return transcript('gochat/genesis/1', utf8(room), groupId, uint32(POLICY_VERSION));
}

export function contextExtensions(genesis: Uint8Array, state: RoomState): Extension[] {
  return [
    { extensionType: EXTENSION.genesis, extensionData: genesis },
    { extensionType: EXTENSION.roomState, extensionData: encodeRoomState(state) },
  ];
}

export function makeGenesis(who: Identity, room: RoomId, groupId: Uint8Array): Uint8Array {
  return concatBytes(who.identity.publicKey, sign(who.identity, genesisBytes(room, groupId)));
}

/** The extensions of a GroupContext, decoded. */
export interface Context {
  readonly founder: Uint8Array;
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
  if (stateBytes?.extensionType !== EXTENSION.roomState || genesis.extensionData.length !== 96)
    return undefined;
  const founder = genesis.extensionData.slice(0, 32);
  if (!verify(founder, genesisBytes(room, groupId), genesis.extensionData.slice(32))) return undefined;
  const state = decodeRoomState(stateBytes.extensionData);
  return state === undefined ? undefined : { founder, genesis: genesis.extensionData, state };
}

/** Whether a link's 16-byte fingerprint belongs to this founder's identity key. */
export function isFounder(fingerprint: Uint8Array, founder: Uint8Array): boolean {
  return equalBytes(fingerprintOf(founder), fingerprint);
}

export function isAdmin(state: RoomState, identityKey: Uint8Array): boolean {
  return state.admins.includes(encodeBytes(identityKey));
}

/** @returns the invite with this id, or undefined if there is none or a Remove has voided it. */
export function liveInvite(state: RoomState, id: InviteId): MemberInvite | undefined {
  return state.invites.find((invite) => invite.id === id && invite.epoch > (state.lastRemoveEpoch ?? -1));
}

export function wrapKeyOf(invite: MemberInvite): Uint8Array {
  return decodeBytes(invite.wrap);
}
