/** What precedes the 32 bytes of an Ed25519 key in PKCS #8 and SubjectPublicKeyInfo (RFC 8410, sections 7 and 4). */
const PKCS8 = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const SPKI = [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];

/** @param privateKey 32 bytes, or PKCS #8 already. @returns a copy */
export function pkcs8(privateKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(privateKey.length === 32 ? [...PKCS8, ...privateKey] : privateKey);
}

/** @param publicKey 32 bytes */
export function spki(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...SPKI, ...publicKey]);
}
