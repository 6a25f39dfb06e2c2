import { encodeBytes } from '@gochat/protocol/encoding';
import { gcm } from '@noble/ciphers/aes.js';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes, equalBytes } from '@noble/ciphers/utils.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { expand, hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { RecentMap } from './recent-map.ts';

export { concatBytes, equalBytes, expand, hkdf, hmac, sha256 };

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** @throws TypeError if the bytes are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}

/** The platform's clock and random source. MLS and WebCrypto draw their own random bytes. */
export interface Env {
  /** Milliseconds since 1970. */
  now(): number;
  random(bytes: number): Uint8Array;
}

export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** @param value from 0 to 2^64 - 1 */
export function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** @returns each part after its length (4 bytes, big-endian) */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts.flatMap((part) => [uint32(part.length), part]));
}

/** @returns copies of the parts that {@link joinParts} joined */
export function splitParts(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint32(at);
    parts.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts;
}

/** @returns label and parts, each prefixed with its length, so that different lists of parts never give the same bytes. */
export function transcript(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return joinParts([utf8(label), ...parts]);
}

/** Derives a key from a secret with HKDF-SHA256 (RFC 5869). Each purpose has its own label, or a {@link transcript} that begins with one. */
export function derive(secret: Uint8Array, label: string | Uint8Array, bytes = 32): Uint8Array {
  return hkdf(sha256, secret, undefined, typeof label === 'string' ? utf8(label) : label, bytes);
}

/** An Ed25519 key pair (RFC 8032); `seed` is the 32-byte private key. */
export interface SigningKey {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function signingKey(seed: Uint8Array): SigningKey {
  let publicKey: Uint8Array | undefined;
  return {
    seed,
    // The first one of a process takes a tenth of a second, which a command that signs nothing does not need.
    get publicKey() {
      publicKey ??= ed25519.getPublicKey(seed);
      return publicKey;
    },
  };
}

export function sign(key: SigningKey, bytes: Uint8Array): Uint8Array {
  return ed25519.sign(bytes, key.seed);
}

/** In a room of 1,000 members, identities and devices have 2,000 keys, and as many signatures in their leaves. */
const REMEMBERED = 4096;
const keys = new RecentMap<boolean>(REMEMBERED);
const verdicts = new RecentMap<boolean>(REMEMBERED);

/**
 * Verifies an Ed25519 signature (RFC 8032). All members must come to the same verdict, but implementations differ on keys and signatures
 * that have a part of small order: section 5.1.7 allows two equations. So those are refused; no honest signer makes them.
 *
 * Remembers verdicts: a member verifies most signatures of a room again with each commit.
 */
export function verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  // Keys and signatures come from peers.
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  // The hash identifies key and bytes, because the key has a fixed length.
  const question = encodeBytes(concatBytes(signature, sha256(concatBytes(publicKey, bytes))));
  return verdicts.get(
    question,
    () =>
      keys.get(encodeBytes(publicKey), () => isInPrimeSubgroup(publicKey)) &&
      isInPrimeSubgroup(signature.subarray(0, 32)) &&
      verifies(publicKey, bytes, signature),
  );
}

function verifies(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** Whether the bytes are the canonical encoding of a point in the subgroup of prime order. */
function isInPrimeSubgroup(bytes: Uint8Array): boolean {
  try {
    return ed25519.Point.fromBytes(bytes).isTorsionFree();
  } catch {
    return false;
  }
}

const P = 2n ** 255n - 19n;
/** The u-coordinates of Curve25519's points of low order: with them every key exchange gives zero (RFC 7748, section 6.1). */
const LOW_ORDER: readonly bigint[] = [
  0n,
  1n,
  P - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];

/** Whether an X25519 public key has 32 bytes and is not of low order. */
export function isUsableKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const u = publicKey.reduceRight((sum, byte, i) => sum * 256n + BigInt(i === 31 ? byte & 127 : byte), 0n);
  return !LOW_ORDER.includes(u % P);
}

/** @returns the public half of an X25519 key (RFC 7748) */
export function exchangeKey(privateKey: Uint8Array): Uint8Array {
  return x25519.getPublicKey(privateKey);
}

/**
 * AES-GCM without a WebCrypto round trip, which costs more than the cipher itself for a message. It isn't constant-time on every
 * machine: for keys that encrypt one message and are never used again.
 */
export const messageCipher = {
  encrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) =>
    gcm(key, nonce, aad).encrypt(plaintext),
  /** @throws Error if key, nonce, associated data and ciphertext don't match */
  decrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) =>
    gcm(key, nonce, aad).decrypt(ciphertext),
};

export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/** Encrypts with XChaCha20-Poly1305. @returns a random nonce, then ciphertext and tag. At 24 bytes, random nonces don't collide even if many members share the key. */
export function encrypt(
  key: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  env: Pick<Env, 'random'>,
): Uint8Array {
  const nonce = env.random(NONCE_BYTES);
  return concatBytes(nonce, xchacha20poly1305(key, nonce, aad).encrypt(plaintext));
}

/** @returns undefined if key, associated data and ciphertext don't match. */
export function decrypt(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    return xchacha20poly1305(key, sealed.subarray(0, NONCE_BYTES), aad).decrypt(sealed.subarray(NONCE_BYTES));
  } catch {
    return undefined;
  }
}
