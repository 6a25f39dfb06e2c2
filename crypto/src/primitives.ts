import { encodeBytes } from '@gochat/protocol/encoding';
import { algorithms } from '#algorithms';
import { concatBytes, equalBytes } from './algorithms/noble.ts';
import { RecentMap } from './recent-map.ts';
import { utf8 } from './utf8.ts';

export const { sha256, hmac, expand, exchangeKey, messages } = algorithms;
export { concatBytes, equalBytes, utf8 };

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    joined.set(part, at + 4);
    at += 4 + part.length;
  }
  return joined;
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
  return expand(extract(undefined, secret), typeof label === 'string' ? utf8(label) : label, bytes);
}

/** HKDF-Extract with SHA-256 (RFC 5869, section 2.2). @param salt 32 zero bytes if it is undefined or empty */
export function extract(salt: Uint8Array | undefined, ikm: Uint8Array): Uint8Array {
  return hmac(salt === undefined || salt.length === 0 ? new Uint8Array(32) : salt, ikm);
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
    // In a browser the first one takes a tenth of a second.
    get publicKey() {
      publicKey ??= algorithms.ed25519.publicKey(seed);
      return publicKey;
    },
  };
}

export function sign(key: SigningKey, bytes: Uint8Array): Uint8Array {
  return algorithms.ed25519.sign(key.seed, bytes);
}

/** In a room of 1,000 members, leaves have 2,000 signatures. */
const REMEMBERED = 4096;
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
  return verdicts.get(question, () => algorithms.ed25519.verify(publicKey, bytes, signature));
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

/**
 * AES-GCM without a WebCrypto round trip, which costs more than the cipher itself for a message. It isn't constant-time in browsers:
 * for keys that encrypt one message and are never used again.
 */
export const messageCipher = {
  encrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) =>
    algorithms.aes.seal(key, nonce, aad, plaintext),
  /** @throws Error if key, nonce, associated data and ciphertext don't match */
  decrypt: async (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) =>
    algorithms.aes.open(key, nonce, aad, ciphertext),
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
  return concatBytes(nonce, algorithms.xchacha.seal(key, nonce, aad, plaintext));
}

/** @returns undefined if key, associated data and ciphertext don't match. */
export function decrypt(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    return algorithms.xchacha.open(key, sealed.subarray(0, NONCE_BYTES), aad, sealed.subarray(NONCE_BYTES));
  } catch {
    return undefined;
  }
}
