import { decodeBytes } from '@gochat/protocol/encoding';
import { leavesOf, suite } from './mls.ts';
import {
  concatBytes,
  equalBytes,
  type SigningKey,
  signingKey,
  transcript,
  uint32,
  utf8,
} from './primitives.ts';
import { epochOf, ownLeaf, type Room } from './room.ts';

/** A room's admins share the key by which the server lets them retire access keys: it can't tell how many they are, or who acts. */

const DEVICE_BYTES = 32;
/** Encapsulated key, seed, tag. */
const SEALED_BYTES = 32 + 32 + 16;
const ENTRY_BYTES = DEVICE_BYTES + SEALED_BYTES;

function info(room: Room): Uint8Array {
  const epoch = epochOf(room);
  return transcript(
    'gochat/admin-key/1',
    utf8(room.id),
    concatBytes(uint32(Number(epoch >> 32n)), uint32(Number(epoch & 0xffffffffn))),
  );
}

/** The authenticated data of a commit that hands the key to these devices: to each by the key of its leaf in this epoch. */
export async function handOver(room: Room, devices: readonly string[], key: SigningKey): Promise<Uint8Array> {
  const { hpke } = await suite();
  const wanted = new Set(devices);
  const parts: Uint8Array[] = [];
  for (const leaf of leavesOf(room.mls.ratchetTree).values()) {
    if (![...wanted].some((device) => equalBytes(decodeBytes(device), leaf.signaturePublicKey))) continue;
    const { enc, ct } = await hpke.seal(await hpke.importPublicKey(leaf.hpkePublicKey), key.seed, info(room));
    parts.push(leaf.signaturePublicKey, enc, ct);
  }
  return concatBytes(...parts);
}

/** @returns the key that such a commit hands to this device; undefined when it hands it none. */
export async function takeOver(room: Room, aad: Uint8Array): Promise<SigningKey | undefined> {
  const leaf = ownLeaf(room);
  const device = leavesOf(room.mls.ratchetTree).get(leaf)?.signaturePublicKey;
  const secret = room.mls.privatePath.privateKeys[2 * leaf];
  if (device === undefined || secret === undefined || aad.length % ENTRY_BYTES !== 0) return undefined;
  for (let at = 0; at < aad.length; at += ENTRY_BYTES) {
    if (!equalBytes(aad.subarray(at, at + DEVICE_BYTES), device)) continue;
    const sealed = aad.slice(at + DEVICE_BYTES, at + ENTRY_BYTES);
    try {
      const { hpke } = await suite();
      const own = await hpke.importPrivateKey(secret);
      return signingKey(await hpke.open(own, sealed.slice(0, 32), sealed.slice(32), info(room)));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
