import { encodeBytes } from '@gochat/protocol/encoding';
import { gcm } from '@noble/ciphers/aes.js';
import { hchacha, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes, equalBytes, u8, u32 } from '@noble/ciphers/utils.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { expand } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { RecentMap } from '../recent-map.ts';
import type { Algorithms } from './algorithms.ts';

export { concatBytes, equalBytes };

/** In a room of 1,000 members, identities and devices have 2,000 keys. */
const REMEMBERED = 4096;
const usable = new RecentMap<boolean>(REMEMBERED);

/** Whether a public key of Ed25519 is the canonical encoding of a point in the subgroup of prime order, and not its identity. */
export function isUsablePoint(publicKey: Uint8Array): boolean {
  return usable.get(encodeBytes(publicKey), () => {
    const point = pointOf(publicKey);
    return point?.isTorsionFree() === true && !point.isSmallOrder();
  });
}

function pointOf(bytes: Uint8Array) {
  try {
    return ed25519.Point.fromBytes(bytes);
  } catch {
    return;
  }
}

/** The first words of the state: "expand 32-byte k" (RFC 8439, section 2.3). */
const SIGMA = u32(Uint8Array.from(new TextEncoder().encode('expand 32-byte k')));

/** HChaCha20 (draft-irtf-cfrg-xchacha-03, section 2.2). @param nonce 16 bytes. @returns the key of 32 bytes for ChaCha20 */
export function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const subkey = new Uint32Array(8);
  // Copies, because words must be aligned.
  hchacha(SIGMA, u32(Uint8Array.from(key)), u32(Uint8Array.from(nonce)), subkey);
  return u8(subkey);
}

/** The algorithms in JavaScript, for platforms that have no synchronous ones. AES isn't constant-time in it. */
export const algorithms: Omit<Algorithms, 'messages'> = {
  sha256,
  hmac: (key, bytes) => hmac(sha256, key, bytes),
  expand: (prk, info, length) => expand(sha256, prk, info, length),
  aes: {
    seal: (key, nonce, aad, plaintext) => gcm(key, nonce, aad).encrypt(plaintext),
    open: (key, nonce, aad, ciphertext) => gcm(key, nonce, aad).decrypt(ciphertext),
  },
  xchacha: {
    seal: (key, nonce, aad, plaintext) => xchacha20poly1305(key, nonce, aad).encrypt(plaintext),
    open: (key, nonce, aad, ciphertext) => xchacha20poly1305(key, nonce, aad).decrypt(ciphertext),
  },
  ed25519: {
    publicKey: (seed) => ed25519.getPublicKey(seed),
    sign: (seed, bytes) => ed25519.sign(bytes, seed),
    // The library's equation lets a part of small order in the signature pass.
    verify: (publicKey, bytes, signature) =>
      isUsablePoint(publicKey) &&
      pointOf(signature.subarray(0, 32))?.isTorsionFree() === true &&
      ed25519.verify(signature, bytes, publicKey, { zip215: false }),
  },
  exchangeKey: (privateKey) => x25519.getPublicKey(privateKey),
};
