import type { InviteId, RoomId } from '@gochat/protocol/fields';
import { hpkeSuite } from './hpke.ts';
import type { InviteKeys } from './invite.ts';
import { concatBytes, derive, fromUtf8, transcript, utf8 } from './primitives.ts';
import { type RoomState, wrapKeyOf } from './room-state.ts';

/**
 * What members show to strangers who have an invite that needs approval: in place of the GroupInfo's key, its wrapped key holds the room's
 * name and the key to which a knock is sealed. The members and the topic are shown to nobody who wasn't let in.
 */
export interface Door {
  /** The room's name; empty if it is one that no version of this software gives. */
  readonly name: string;
  /** X25519: the wrap key of the room's own invite, whose secret all members know. Undefined while the room has none: then nobody can knock. */
  readonly key: Uint8Array | undefined;
}

const KEY_BYTES = 32;
const NAME_BYTES = 128;
const DOOR_BYTES = KEY_BYTES + 1 + NAME_BYTES;
const ENC_BYTES = 32;

function infoOf(room: RoomId, invite: string): Uint8Array {
  return transcript('gochat/door/2', utf8(room), utf8(invite));
}

/** Always of the same size, so that the server doesn't learn how long the name is. */
function encodeDoor({ name, key }: Door): Uint8Array {
  const bytes = new Uint8Array(DOOR_BYTES);
  const called = utf8(name);
  bytes.set(key ?? new Uint8Array(KEY_BYTES));
  if (called.length > NAME_BYTES) return bytes;
  bytes[KEY_BYTES] = called.length;
  bytes.set(called, KEY_BYTES + 1);
  return bytes;
}

/** @returns what members show of a room in this state */
export function doorOf(state: RoomState): Door {
  const own = state.invites.find((invite) => invite.own);
  return { name: state.name, key: own && wrapKeyOf(own) };
}

/**
 * Wraps what members show for one invite (HPKE, RFC 9180, base mode). As with the GroupInfo's key, the randomness is derived, so that every
 * member can compute the same bytes and check what another has uploaded.
 * @param key of the GroupInfo, which is newly generated for it: so no two doors are sealed with the same randomness
 * @returns encapsulated key and ciphertext
 */
export async function wrapDoor(
  publicKey: Uint8Array,
  room: RoomId,
  invite: InviteId,
  { key, door }: { readonly key: Uint8Array; readonly door: Door },
): Promise<Uint8Array> {
  const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(publicKey);
  const ekm = derive(key, transcript('gochat/door-ephemeral/2', utf8(invite)));
  const sender = { recipientPublicKey, info: infoOf(room, invite), ekm };
  const { enc, ct } = await hpkeSuite.seal(sender, encodeDoor(door));
  return concatBytes(new Uint8Array(enc), new Uint8Array(ct));
}

/** @returns what members show to whoever has this invite; undefined if it needs no approval, or if it was not wrapped for it and this room */
export async function openDoor(
  keys: Pick<InviteKeys, 'id' | 'wrapIkm'>,
  room: RoomId,
  wrapped: Uint8Array,
): Promise<Door | undefined> {
  if (wrapped.length !== ENC_BYTES + DOOR_BYTES + 16) return undefined;
  try {
    const recipientKey = await hpkeSuite.kem.deriveKeyPair(keys.wrapIkm);
    const recipient = { recipientKey, enc: wrapped.slice(0, ENC_BYTES), info: infoOf(room, keys.id) };
    const bytes = new Uint8Array(await hpkeSuite.open(recipient, wrapped.slice(ENC_BYTES)));
    const length = bytes[KEY_BYTES] ?? 0;
    const name = fromUtf8(bytes.subarray(KEY_BYTES + 1, KEY_BYTES + 1 + Math.min(length, NAME_BYTES)));
    const key = bytes.slice(0, KEY_BYTES);
    return { name, key: key.some((byte) => byte !== 0) ? key : undefined };
  } catch {
    return undefined;
  }
}
