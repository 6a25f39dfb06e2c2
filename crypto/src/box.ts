import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import { BOX, type BoxContent } from './content.ts';
import { identityOf } from './mls/credentials.ts';
import { suite } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
import { concatBytes, decrypt, type Env, encrypt, fromUtf8, transcript, uint64, utf8 } from './primitives.ts';
import { epochOf, type Member, ownLeaf, type Room } from './room.ts';

/**
 * A box brings one member the way into a direct room, by a message to all: nobody else learns for whom it is, or what it says. It has a
 * part for each leaf that a person may have. Those that nobody needs are sealed to keys that nobody has: random bytes could be distinguished
 * from an encapsulated key.
 */

const ROOM_BYTES = 16;
const SECRET_BYTES = 16;
const HEAD_BYTES = ROOM_BYTES + SECRET_BYTES + 2;
const ENC_BYTES = 32;

/** What a box says. The room is on the server of the room in which the box is posted; its founder has sealed the box. */
export interface Boxed {
  readonly room: RoomId;
  /** The secret of the invite, 16 bytes. */
  readonly secret: Uint8Array;
  /** The first words, at most {@link BOX}.textBytes bytes of UTF-8. May be empty. */
  readonly text: string;
}

/** @param sender the identity key of whoever posts the box. @returns HPKE's info for the parts */
export function boxInfo(room: RoomId, epoch: bigint, sender: string): Uint8Array {
  return transcript('gochat/box/2', utf8(room), uint64(epoch), decodeBytes(sender));
}

/** @returns the associated data of what a box says */
export function boxAad(room: RoomId): Uint8Array {
  return transcript('gochat/seal/box/2', utf8(room));
}

/**
 * Seals a box for the leaves that a person has in this epoch: only there can it be opened.
 * @param to the identity key of the person. Nobody opens the box of one who isn't a member. @param from that of this device's person
 * @throws RangeError if the text is too long
 */
export async function sealBox(
  room: Room,
  { to, from }: { readonly to: string; readonly from: string },
  boxed: Boxed,
  env: Env,
): Promise<BoxContent> {
  const { hpke } = await suite();
  const key = env.random(32);
  const info = boxInfo(room.id, epochOf(room), from);
  const leaves = [...leavesOf(room.mls.ratchetTree).values()].flatMap(({ credential, hpkePublicKey }) => {
    const owner = identityOf(credential);
    return owner !== undefined && encodeBytes(owner.identityKey) === to ? [hpkePublicKey] : [];
  });
  const parts: string[] = [];
  for (let i = 0; i < BOX.parts; i++) {
    const leaf = leaves[i];
    const publicKey =
      leaf === undefined
        ? (await hpke.deriveKeyPair(env.random(32))).publicKey
        : await hpke.importPublicKey(leaf);
    const { enc, ct } = await hpke.seal(publicKey, leaf === undefined ? env.random(32) : key, info);
    parts.push(encodeBytes(concatBytes(enc, ct)));
  }
  return { kind: 'box', parts, sealed: encodeBytes(encrypt(key, boxAad(room.id), encodeBoxed(boxed), env)) };
}

/** @param from who has posted the box. @returns undefined if it isn't for this device */
export async function openBox(
  room: Room,
  from: Pick<Member, 'identity'>,
  { parts, sealed }: BoxContent,
): Promise<Boxed | undefined> {
  const secret = room.mls.privatePath.privateKeys[2 * ownLeaf(room)];
  if (secret === undefined) return undefined;
  const { hpke } = await suite();
  const own = await hpke.importPrivateKey(secret);
  const info = boxInfo(room.id, epochOf(room), from.identity);
  for (const part of parts) {
    const bytes = decodeBytes(part);
    try {
      const key = await hpke.open(own, bytes.slice(0, ENC_BYTES), bytes.slice(ENC_BYTES), info);
      const plain = decrypt(key, boxAad(room.id), decodeBytes(sealed));
      if (plain !== undefined) return decodeBoxed(plain);
    } catch {
      // It is for another leaf.
    }
  }
  return undefined;
}

export function encodeBoxed({ room, secret, text }: Boxed): Uint8Array {
  const words = utf8(text);
  if (words.length > BOX.textBytes) throw new RangeError(`${words.length} bytes are too many for a box`);
  const length = Uint8Array.of(words.length >> 8, words.length & 0xff);
  const rest = new Uint8Array(BOX.textBytes - words.length);
  return concatBytes(decodeBytes(room), secret, length, words, rest);
}

function decodeBoxed(bytes: Uint8Array): Boxed | undefined {
  const length = ((bytes[HEAD_BYTES - 2] ?? 0) << 8) | (bytes[HEAD_BYTES - 1] ?? 0);
  if (bytes.length !== HEAD_BYTES + BOX.textBytes || length > BOX.textBytes) return undefined;
  try {
    return {
      room: encodeBytes(bytes.subarray(0, ROOM_BYTES)) as RoomId,
      secret: bytes.slice(ROOM_BYTES, ROOM_BYTES + SECRET_BYTES),
      text: fromUtf8(bytes.subarray(HEAD_BYTES, HEAD_BYTES + length)),
    };
  } catch {
    return undefined;
  }
}
