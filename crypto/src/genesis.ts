import type { RoomId } from '@gochat/protocol/fields';
import { fingerprintOf, type Identity } from './identity.ts';
import { concatBytes, equalBytes, sign, transcript, uint32, utf8, verify } from './primitives.ts';

/** What a room is for. */
export const ROOM_KIND = {
  /** Any number of persons. */
  room: 1,
  /** Two persons, the `pair` of the room state. */
  direct: 2,
  /** The devices of one person. */
  self: 3,
  /** Two devices, one of which takes the other in. */
  pairing: 4,
} as const;
export type RoomKind = (typeof ROOM_KIND)[keyof typeof ROOM_KIND];

/** The cipher suite of the room's MLS group (RFC 9420, section 17.1). The only one that is used so far. */
const SUITE = 1;

/** The version of the room state, and so of the policy by which members accept commits. */
export const POLICY_VERSION = 2;

const HEAD_BYTES = 35;
const BYTES = HEAD_BYTES + 64;

/** Who created a room, and what for. It never changes. */
export interface Genesis {
  /** The founder's identity key. */
  readonly founder: Uint8Array;
  readonly kind: RoomKind;
}

function signed(head: Uint8Array, room: RoomId, groupId: Uint8Array): Uint8Array {
  const [kind, suite] = [head.subarray(32, 33), head.subarray(33, HEAD_BYTES)];
  return transcript('gochat/genesis/2', utf8(room), groupId, uint32(POLICY_VERSION), kind, suite);
}

/** @returns the 99 bytes of the genesis extension: founder, kind, cipher suite, the founder's signature. */
export function makeGenesis(who: Identity, room: RoomId, groupId: Uint8Array, kind: RoomKind): Uint8Array {
  const head = concatBytes(who.identity.publicKey, Uint8Array.of(kind, SUITE >> 8, SUITE & 0xff));
  return concatBytes(head, sign(who.identity, signed(head, room, groupId)));
}

/** @returns undefined unless the bytes are a genesis of this room and group, with a valid signature. */
export function readGenesis(bytes: Uint8Array, room: RoomId, groupId: Uint8Array): Genesis | undefined {
  const kind = Object.values(ROOM_KIND).find((known) => known === bytes[32]);
  if (
    bytes.length !== BYTES ||
    kind === undefined ||
    bytes[33] !== SUITE >> 8 ||
    bytes[34] !== (SUITE & 0xff)
  )
    return undefined;
  const founder = bytes.slice(0, 32);
  const head = bytes.subarray(0, HEAD_BYTES);
  return verify(founder, signed(head, room, groupId), bytes.slice(HEAD_BYTES))
    ? { founder, kind }
    : undefined;
}

/** Whether a link's 16-byte fingerprint belongs to this founder's identity key. */
export function isFounder(fingerprint: Uint8Array, founder: Uint8Array): boolean {
  return equalBytes(fingerprintOf(founder), fingerprint);
}
