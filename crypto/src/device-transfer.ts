import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { DeviceContent } from './content.ts';
import {
  certify,
  fingerprintOf,
  type Identity,
  isCertified,
  LIMITED_RIGHTS,
  type LimitedIdentity,
  type Who,
} from './identity.ts';
import { equalBytes, signingKey } from './primitives.ts';

type LinkContent = Extract<DeviceContent, { kind: 'link' }>;

/** @param device the public key of another device, as base64url. @returns what makes it one of this person's; a limited one gets no identity key */
export function rightsFor(
  { identity }: Identity,
  device: string,
  limited: boolean,
): Pick<LinkContent, 'identity' | 'seed' | 'certificate'> {
  const person = encodeBytes(identity.publicKey);
  if (!limited) return { identity: person, seed: encodeBytes(identity.seed) };
  const { signature } = certify(identity, decodeBytes(device), true);
  return { identity: person, certificate: encodeBytes(signature) };
}

/**
 * What a device becomes by what it was sent.
 * @param founder the fingerprint of the person
 * @returns undefined if it is no identity of that person, or not for this device
 */
export function identityFrom(
  { identity, seed, certificate }: LinkContent,
  device: Who['device'],
  founder: Uint8Array,
): Who | undefined {
  if (identity === undefined) return undefined;
  const identityKey = decodeBytes(identity);
  if (!equalBytes(fingerprintOf(identityKey), founder)) return undefined;
  if (seed !== undefined) {
    const key = signingKey(decodeBytes(seed));
    return equalBytes(key.publicKey, identityKey) ? { identity: key, device } : undefined;
  }
  if (certificate === undefined) return undefined;
  const limited: LimitedIdentity = {
    device,
    certificate: {
      identityKey,
      deviceKey: device.publicKey,
      rights: LIMITED_RIGHTS,
      signature: decodeBytes(certificate),
    },
  };
  return isCertified(limited.certificate) ? limited : undefined;
}
