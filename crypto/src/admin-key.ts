import { encodeBytes } from '@gochat/protocol/encoding';
import { isLimited } from './identity.ts';
import { identityOf } from './mls/credentials.ts';
import { suite } from './mls/suite.ts';
import { leavesOf } from './mls/tree.ts';
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

/**
 * All admins of a room share one admin key. The server verifies removals with it, so the server learns neither the number of
 * admins nor which of them acts.
 */

const LEAF_BYTES = 32;
/** HPKE encapsulated key, encrypted seed, authentication tag. */
const SEALED_BYTES = 32 + 32 + 16;
const ENTRY_BYTES = LEAF_BYTES + SEALED_BYTES;

function info(room: Room): Uint8Array {
  const epoch = epochOf(room);
  return transcript(
    'gochat/admin-key/2',
    utf8(room.id),
    concatBytes(uint32(Number(epoch >> 32n)), uint32(Number(epoch & 0xffffffffn))),
  );
}

/**
 * @returns the authenticated data of a commit that gives these devices the admin key, encrypted to each one's leaf key of this epoch.
 * Limited devices get none, whoever's they are.
 */
export async function handOver(room: Room, devices: readonly string[], key: SigningKey): Promise<Uint8Array> {
  const { hpke } = await suite();
  const wanted = new Set(devices);
  const parts: Uint8Array[] = [];
  for (const leaf of leavesOf(room.mls.ratchetTree).values()) {
    const owner = identityOf(leaf.credential);
    if (owner === undefined || isLimited(owner) || !wanted.has(encodeBytes(owner.deviceKey))) continue;
    const { enc, ct } = await hpke.seal(await hpke.importPublicKey(leaf.hpkePublicKey), key.seed, info(room));
    parts.push(leaf.signaturePublicKey, enc, ct);
  }
  return concatBytes(...parts);
}

/** @returns the admin key that the authenticated data holds for this device, or undefined if it holds none. */
export async function takeOver(room: Room, aad: Uint8Array): Promise<SigningKey | undefined> {
  const leaf = ownLeaf(room);
  const leafKey = leavesOf(room.mls.ratchetTree).get(leaf)?.signaturePublicKey;
  const secret = room.mls.privatePath.privateKeys[2 * leaf];
  if (leafKey === undefined || secret === undefined || aad.length % ENTRY_BYTES !== 0) return undefined;
  for (let at = 0; at < aad.length; at += ENTRY_BYTES) {
    if (!equalBytes(aad.subarray(at, at + LEAF_BYTES), leafKey)) continue;
    const sealed = aad.slice(at + LEAF_BYTES, at + ENTRY_BYTES);
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
