import { encodeBytes } from '@gochat/protocol/encoding';
import { isSmallOrder } from '@gochat/protocol/small-order';
import { certified, type DeviceCredential, decodeCredential, ownedLeaf } from '../identity.ts';
import { equalBytes, verify } from '../primitives.ts';
import type { CiphersuiteImpl, Credential, LeafNode } from './library.ts';

export type Verify = CiphersuiteImpl['signature']['verify'];

/** Whether the credential's identity has certified its device, and that device has signed this leaf's key for this group. */
export async function verifyCredential(
  { identityKey, deviceKey, rights, signature, leafSignature }: DeviceCredential,
  groupId: Uint8Array,
  leafKey: Uint8Array,
  verifies: Verify,
): Promise<boolean> {
  if ([identityKey, deviceKey, leafKey].some((key) => isSmallOrder(encodeBytes(key)))) return false;
  try {
    return (
      (await verifies(identityKey, certified(deviceKey, rights), signature)) &&
      (await verifies(deviceKey, ownedLeaf(groupId, leafKey), leafSignature))
    );
  } catch {
    // WebCrypto throws at an invalid key.
    return false;
  }
}

/**
 * All members, and those who join later, must come to the same verdict on a commit and on the leaves in it, whichever implementation
 * of WebCrypto they use.
 */
export const strictly: Verify = async (publicKey, bytes, signature) => verify(publicKey, bytes, signature);

/** @returns the device key in a leaf's credential, as base64url; undefined if the credential isn't GoChat's */
export function deviceOf(leaf: LeafNode): string | undefined {
  const credential = identityOf(leaf.credential);
  return credential && encodeBytes(credential.deviceKey);
}

/** Whether the device that a leaf's credential names has signed the leaf's key for this group, and is certified by its identity. */
export async function isGenuine(
  groupId: Uint8Array,
  leaf: Pick<LeafNode, 'credential' | 'signaturePublicKey'>,
): Promise<boolean> {
  const credential = identityOf(leaf.credential);
  if (credential === undefined) return false;
  return verifyCredential(credential, groupId, leaf.signaturePublicKey, strictly);
}

/** Whether two credentials are of the same device of the same identity. */
export function sameDevice(a: Credential, b: Credential): boolean {
  const [one, other] = [identityOf(a), identityOf(b)];
  return (
    one !== undefined &&
    other !== undefined &&
    equalBytes(one.identityKey, other.identityKey) &&
    equalBytes(one.deviceKey, other.deviceKey)
  );
}

/** @returns the GoChat credential in an MLS credential, or undefined if it is of another type or form. */
export function identityOf(credential: Credential) {
  return credential.credentialType === 'basic' ? decodeCredential(credential.identity) : undefined;
}
