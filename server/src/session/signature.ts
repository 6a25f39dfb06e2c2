import { createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

/** The DER prefix of an Ed25519 public key (RFC 8410). */
const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** An Ed25519 public key from its 32 bytes. */
export function publicKeyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([ED25519, raw]), format: 'der', type: 'spki' });
}

/** @returns whether `proof` (base64url) is this key's signature over the bytes */
export function verifies(key: KeyObject, signed: Uint8Array, proof: string): boolean {
  return verify(null, signed, key, Buffer.from(proof, 'base64url'));
}

/** Compares two strings in constant time. Their lengths are not secret. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
