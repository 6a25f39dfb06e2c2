import { createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

/** An Ed25519 public key from its 32 bytes. @throws Error if there are not 32 */
export function publicKeyOf(raw: Uint8Array): KeyObject {
  // As a JWK, because OpenSSL's decoder of DER takes about as long as the check of a signature.
  const x = Buffer.from(raw).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
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
