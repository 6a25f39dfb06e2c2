import { encodeBytes } from '@gochat/protocol/encoding';
import { COMMIT_DATA } from './commit-data.ts';
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
import { epochOf, type OfficeKey, ownLeaf, type Room } from './room.ts';

/**
 * Those who share an office share one key for it. The server verifies orders and voices with it, so it learns neither how many hold the
 * office nor which of them acts.
 */

const LEAF_BYTES = 32;
/** HPKE encapsulated key, encrypted seed, authentication tag. */
const SEALED_BYTES = 32 + 32 + 16;
const ENTRY_BYTES = LEAF_BYTES + SEALED_BYTES;

/** By which data of a commit each key is handed over, and for what it is encrypted. */
export const HANDED = {
  admin: { data: COMMIT_DATA.adminKey, label: 'gochat/admin-key/2' },
  keepers: { data: COMMIT_DATA.keepersKey, label: 'gochat/keepers-key/2' },
  voice: { data: COMMIT_DATA.voiceKey, label: 'gochat/voice-key/2' },
} as const satisfies Record<OfficeKey, unknown>;

function info(room: Room, kind: OfficeKey): Uint8Array {
  const epoch = epochOf(room);
  return transcript(
    HANDED[kind].label,
    utf8(room.id),
    concatBytes(uint32(Number(epoch >> 32n)), uint32(Number(epoch & 0xffffffffn))),
  );
}

/**
 * @returns the data of a commit that gives these devices a key, encrypted to each one's leaf key of this epoch. Limited devices get
 * none but the voice key, whoever's they are.
 */
export async function handOver(
  room: Room,
  kind: OfficeKey,
  devices: readonly string[],
  key: SigningKey,
): Promise<Uint8Array> {
  const { hpke } = await suite();
  const wanted = new Set(devices);
  const parts: Uint8Array[] = [];
  for (const leaf of leavesOf(room.mls.ratchetTree).values()) {
    const owner = identityOf(leaf.credential);
    if (owner === undefined || !wanted.has(encodeBytes(owner.deviceKey))) continue;
    if (kind !== 'voice' && isLimited(owner)) continue;
    const to = await hpke.importPublicKey(leaf.hpkePublicKey);
    const { enc, ct } = await hpke.seal(to, key.seed, info(room, kind));
    parts.push(leaf.signaturePublicKey, enc, ct);
  }
  return concatBytes(...parts);
}

/** @returns the key that the data of a commit holds for this device, or undefined if it holds none. */
export async function takeOver(
  room: Room,
  kind: OfficeKey,
  data: Uint8Array,
): Promise<SigningKey | undefined> {
  const leaf = ownLeaf(room);
  const leafKey = leavesOf(room.mls.ratchetTree).get(leaf)?.signaturePublicKey;
  const secret = room.mls.privatePath.privateKeys[2 * leaf];
  if (leafKey === undefined || secret === undefined || data.length % ENTRY_BYTES !== 0) return undefined;
  for (let at = 0; at < data.length; at += ENTRY_BYTES) {
    if (!equalBytes(data.subarray(at, at + LEAF_BYTES), leafKey)) continue;
    const sealed = data.slice(at + LEAF_BYTES, at + ENTRY_BYTES);
    try {
      const { hpke } = await suite();
      const own = await hpke.importPrivateKey(secret);
      return signingKey(await hpke.open(own, sealed.slice(0, 32), sealed.slice(32), info(room, kind)));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
