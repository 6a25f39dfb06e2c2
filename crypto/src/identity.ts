import { encodeBytes } from '@gochat/protocol/encoding';
import {
  concatBytes,
  derive,
  type Env,
  equalBytes,
  fromUtf8,
  type SigningKey,
  sign,
  signingKey,
  transcript,
  utf8,
  verify,
} from './primitives.ts';

/**
 * A profile's keys: its identity key, which is the person's in every room and on every device, and its device key, which is this
 * device's in every room. Neither signs in an MLS group: there each leaf has a key of its own, which every commit replaces.
 */
export interface Identity {
  readonly identity: SigningKey;
  readonly device: SigningKey;
}

/** The keys of a limited device: what its person's identity key has signed about it, in place of that key. */
export interface LimitedIdentity {
  readonly device: SigningKey;
  readonly certificate: Certificate;
}

/** Who uses a profile: all that joining a room needs to know. */
export type Who = Identity | LimitedIdentity;

/** Whether the profile has its person's identity key. */
export function holdsIdentity(who: Who): who is Identity {
  return 'identity' in who;
}

/** @returns the public identity key of the profile's person */
export function identityKeyOf(who: Who): Uint8Array {
  return holdsIdentity(who) ? who.identity.publicKey : who.certificate.identityKey;
}

export function createIdentity(env: Pick<Env, 'random'>): Identity {
  return { identity: signingKey(env.random(32)), device: signingKey(env.random(32)) };
}

/**
 * @returns the bytes that {@link decodeIdentity} reads: both private keys (64 bytes), or a limited device's private key, its person's
 * public identity key and the signature of its certificate (128 bytes).
 */
export function encodeIdentity(who: Who): Uint8Array {
  if (holdsIdentity(who)) return concatBytes(who.identity.seed, who.device.seed);
  const { identityKey, signature } = who.certificate;
  return concatBytes(who.device.seed, identityKey, signature);
}

export function decodeIdentity(bytes: Uint8Array): Who {
  const first = signingKey(bytes.slice(0, 32));
  if (bytes.length === 64) return { identity: first, device: signingKey(bytes.slice(32, 64)) };
  const certificate = {
    identityKey: bytes.slice(32, 64),
    deviceKey: first.publicKey,
    rights: LIMITED_RIGHTS,
    signature: bytes.slice(64, 128),
  };
  return { device: first, certificate };
}

/** @param seed the private identity key of a person: 32 bytes. @returns the keys of a new device of that person */
export function newDeviceOf(seed: Uint8Array, env: Pick<Env, 'random'>): Identity {
  return { identity: signingKey(seed), device: signingKey(env.random(32)) };
}

const NAME_BYTES = 128;
const FORM = 2;
const HEAD_BYTES = 194;
/** The device may do all that its person may do. */
const FULL_RIGHTS = 0;
/** Of a device that its person doesn't trust with everything, such as a bot: it holds no office, and removes no other device. */
export const LIMITED_RIGHTS = 1;

/** What an identity has signed about one of its devices. */
export interface Certificate {
  readonly identityKey: Uint8Array;
  readonly deviceKey: Uint8Array;
  /** One byte; 0: all rights of the person; {@link LIMITED_RIGHTS}. */
  readonly rights: number;
  /** By the identity key, over device key and rights. */
  readonly signature: Uint8Array;
}

/** A credential's content: whose leaf this is, on which device, and the display name. */
export interface DeviceCredential extends Certificate {
  /** By the device key, over the group id and the leaf's signature key. */
  readonly leafSignature: Uint8Array;
  readonly name: string;
}

/** A leaf's signature key pair (RFC 9420, section 7.2) with the credential that binds it to a device. */
export interface LeafIdentity {
  readonly key: SigningKey;
  readonly credential: Uint8Array;
}

/** @returns the bytes that an identity signs to certify a device. */
export function certified(deviceKey: Uint8Array, rights: number): Uint8Array {
  return transcript('gochat/device/2', deviceKey, Uint8Array.of(rights));
}

/**
 * @returns the bytes that a device signs to own a leaf of this group. With the group id, nobody can put a copy of the leaf into another
 * group, whose list of members would then have a person who has never joined it.
 */
export function ownedLeaf(groupId: Uint8Array, leafKey: Uint8Array): Uint8Array {
  return transcript('gochat/leaf/2', groupId, leafKey);
}

/** @returns what an identity says about a device of its person: that it has all rights, or is limited. */
export function certify(identity: SigningKey, deviceKey: Uint8Array, isLimitedDevice = false): Certificate {
  const rights = isLimitedDevice ? LIMITED_RIGHTS : FULL_RIGHTS;
  const signature = sign(identity, certified(deviceKey, rights));
  return { identityKey: identity.publicKey, deviceKey, rights, signature };
}

/** Whether the signature of a certificate is by its identity key. */
export function isCertified({ identityKey, deviceKey, rights, signature }: Certificate): boolean {
  return verify(identityKey, certified(deviceKey, rights), signature);
}

/** @returns what this person's identity key has signed about this device */
export function certificateOf(who: Who): Certificate {
  return holdsIdentity(who) ? certify(who.identity, who.device.publicKey) : who.certificate;
}

/** The identity bytes of the basic credential (RFC 9420, section 5.3) of a leaf with this signature key. */
export function encodeCredential(
  { identityKey, deviceKey, rights, signature }: Certificate,
  leafSignature: Uint8Array,
  name: string,
): Uint8Array {
  const head = [Uint8Array.of(FORM), identityKey, deviceKey, Uint8Array.of(rights), signature, leafSignature];
  return concatBytes(...head, utf8(name));
}

/** @returns this person on another of its devices; undefined if only the identity key could certify that device */
export function onDevice(who: Who, device: SigningKey): Who | undefined {
  if (holdsIdentity(who)) return { identity: who.identity, device };
  return equalBytes(who.device.publicKey, device.publicKey) ? who : undefined;
}

/** @returns this person with a new device. */
export function withNewDevice({ identity }: Identity, env: Pick<Env, 'random'>): Identity {
  return { identity, device: signingKey(env.random(32)) };
}

/** @param key the leaf's signature key, if it isn't a new one. @returns a leaf of this identity's device in this group */
export function newLeaf(
  groupId: Uint8Array,
  who: Who,
  name: string,
  env: Pick<Env, 'random'>,
  key?: SigningKey,
): LeafIdentity {
  return leafFor(groupId, certificateOf(who), who.device, name, key ?? signingKey(env.random(32)));
}

/**
 * @param device that of the credential. @param name the new name, if it changes
 * @returns a new signature key for the leaf with this credential, and the credential for it
 */
export function renewedLeaf(
  groupId: Uint8Array,
  { name: old, ...certificate }: DeviceCredential,
  device: SigningKey,
  env: Pick<Env, 'random'>,
  name = old,
): LeafIdentity {
  return leafFor(groupId, certificate, device, name, signingKey(env.random(32)));
}

function leafFor(
  groupId: Uint8Array,
  certificate: Certificate,
  device: SigningKey,
  name: string,
  key: SigningKey,
): LeafIdentity {
  const owned = sign(device, ownedLeaf(groupId, key.publicKey));
  return { key, credential: encodeCredential(certificate, owned, name) };
}

/** Doesn't verify the signatures. @returns undefined if the bytes are not a credential of this form. */
export function decodeCredential(bytes: Uint8Array): DeviceCredential | undefined {
  if (bytes[0] !== FORM || bytes.length <= HEAD_BYTES || bytes.length > HEAD_BYTES + NAME_BYTES)
    return undefined;
  const rights = bytes[65];
  // Members that knew no other rights would treat such a device as one with all rights.
  if (rights !== FULL_RIGHTS && rights !== LIMITED_RIGHTS) return undefined;
  try {
    return {
      identityKey: bytes.slice(1, 33),
      deviceKey: bytes.slice(33, 65),
      rights,
      signature: bytes.slice(66, 130),
      leafSignature: bytes.slice(130, 194),
      name: fromUtf8(bytes.subarray(194)),
    };
  } catch {
    return undefined;
  }
}

export function isLimited({ rights }: Pick<Certificate, 'rights'>): boolean {
  return rights === LIMITED_RIGHTS;
}

/** @returns the 16-byte hash of a founder's identity key that an invite link contains. */
export function fingerprintOf(identityKey: Uint8Array): Uint8Array {
  return derive(identityKey, 'gochat/founder/1', 16);
}

/** @returns four base64url characters that distinguish members with the same name. */
export function suffixOf(identityKey: Uint8Array): string {
  return encodeBytes(derive(identityKey, 'gochat/suffix/1', 3));
}

/** @returns twelve groups of five digits that two users compare over another channel. The order of the two keys doesn't matter. */
export function safetyNumber(one: Uint8Array, other: Uint8Array): string {
  const [first, second] = encodeBytes(one) < encodeBytes(other) ? [one, other] : [other, one];
  return digits(transcript('gochat/safety/1', first, second), 12);
}

/** @returns `groups` groups of five decimal digits, derived from a secret or public value. */
export function digits(source: Uint8Array, groups: number): string {
  const bytes = derive(source, 'gochat/digits/1', groups * 5);
  return Array.from({ length: groups }, (_, group) => {
    const value = bytes.subarray(group * 5, group * 5 + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  }).join(' ');
}
