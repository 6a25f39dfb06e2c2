import { ascii, base64url, concat, text, tuple } from './encoding.ts';
import { isName } from './names.ts';
import { ed25519, hkdf, type KeyPair, sign, verify } from './primitives.ts';

/** docs/protocol.md, “The group” and “What a link holds”: persons, devices, and the credential of a leaf. */

export interface Device {
  readonly identity: KeyPair;
  readonly device: KeyPair;
  readonly name: string;
}

export interface Credential {
  /** In base64url, as all keys here. */
  readonly identity: string;
  readonly device: string;
  readonly name: string;
  /** Whether its rights are `01`. */
  readonly limited: boolean;
}

const RIGHTS = Uint8Array.of(0);

export const newDevice = (name: string, identity = ed25519()): Device => ({
  identity,
  device: ed25519(),
  name,
});

/** @returns the field `identity` of the credential of a leaf with this signature key */
export function credentialOf(
  { identity, device, name }: Device,
  groupId: Uint8Array,
  leaf: Uint8Array,
): Uint8Array {
  return concat(
    Uint8Array.of(2),
    identity.publicKey,
    device.publicKey,
    RIGHTS,
    sign(identity, tuple('gochat/device/2', device.publicKey, RIGHTS)),
    sign(device, tuple('gochat/leaf/2', groupId, leaf)),
    ascii(name),
  );
}

/** @throws if a signature is wrong, or the bytes aren't a credential */
export function readCredential(bytes: Uint8Array, groupId: Uint8Array, leaf: Uint8Array): Credential {
  const [identity, device, rights] = [bytes.slice(1, 33), bytes.slice(33, 65), bytes.slice(65, 66)];
  const name = bytes.slice(194);
  const valid =
    bytes[0] === 2 &&
    (rights[0] === 0 || rights[0] === 1) &&
    isName(text(name)) &&
    verify(identity, tuple('gochat/device/2', device, rights), bytes.slice(66, 130)) &&
    verify(device, tuple('gochat/leaf/2', groupId, leaf), bytes.slice(130, 194));
  if (!valid) throw new Error('invalid credential');
  return {
    identity: base64url(identity),
    device: base64url(device),
    name: text(name),
    limited: rights[0] === 1,
  };
}

export const fingerprint = (identity: Uint8Array): string =>
  base64url(hkdf(identity, 'gochat/founder/1', 16));

/** `DIGITS(s, g)`. */
export function digits(secret: Uint8Array, groups: number): string {
  const bytes = Buffer.from(hkdf(secret, 'gochat/digits/1', 5 * groups));
  const group = (index: number) => String(bytes.readUIntBE(index * 5, 5) % 100000).padStart(5, '0');
  return Array.from({ length: groups }, (_, index) => group(index)).join(' ');
}

export function safetyNumber(one: Uint8Array, other: Uint8Array): string {
  const [a, b] = base64url(one) < base64url(other) ? [one, other] : [other, one];
  return digits(tuple('gochat/safety/1', a, b), 12);
}
