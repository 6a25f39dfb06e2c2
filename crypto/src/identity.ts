import { encodeBytes } from '@gochat/protocol/encoding';
import {
  concatBytes,
  derive,
  type Env,
  fromUtf8,
  type SigningKey,
  sign,
  signingKey,
  transcript,
  utf8,
} from './primitives.ts';

/** A profile's keys: its long-lived identity key, and its device key, which signs as one leaf of each room's tree. */
export interface Identity {
  readonly identity: SigningKey;
  readonly device: SigningKey;
}

export function createIdentity(env: Pick<Env, 'random'>): Identity {
  return { identity: signingKey(env.random(32)), device: signingKey(env.random(32)) };
}

/** @returns the 64 bytes that {@link decodeIdentity} reads: both private keys. */
export function encodeIdentity(identity: Identity): Uint8Array {
  return concatBytes(identity.identity.seed, identity.device.seed);
}

export function decodeIdentity(bytes: Uint8Array): Identity {
  return { identity: signingKey(bytes.slice(0, 32)), device: signingKey(bytes.slice(32, 64)) };
}

const NAME_BYTES = 128;
const VERSION = 1;

/** A credential's content: the identity key, the display name, and the signature that binds both to one device key. */
export interface DeviceCredential {
  readonly identityKey: Uint8Array;
  readonly name: string;
  readonly signature: Uint8Array;
}

function boundToDevice(deviceKey: Uint8Array, name: Uint8Array): Uint8Array {
  return transcript('gochat/device/1', deviceKey, name);
}

/** The identity bytes of the basic credential (RFC 9420, section 5.3) of this identity's device. */
export function encodeCredential(who: Identity, name: string): Uint8Array {
  const nameBytes = utf8(name);
  const signature = sign(who.identity, boundToDevice(who.device.publicKey, nameBytes));
  return concatBytes(Uint8Array.of(VERSION), who.identity.publicKey, signature, nameBytes);
}

/** Doesn't verify the signature. @returns undefined if the bytes are not a credential of this version. */
export function decodeCredential(bytes: Uint8Array): DeviceCredential | undefined {
  if (bytes[0] !== VERSION || bytes.length < 98 || bytes.length > 97 + NAME_BYTES) return undefined;
  try {
    return {
      identityKey: bytes.slice(1, 33),
      signature: bytes.slice(33, 97),
      name: fromUtf8(bytes.subarray(97)),
    };
  } catch {
    return undefined;
  }
}

/** @returns the bytes that a credential's signature must cover to be valid for this device key. */
export function deviceBinding(credential: DeviceCredential, deviceKey: Uint8Array): Uint8Array {
  return boundToDevice(deviceKey, utf8(credential.name));
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
