/** What precedes the 32 bytes of a private Ed25519 key in PKCS #8 (RFC 8410, section 7). */
const PREFIX = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/** @param privateKey 32 bytes, or PKCS #8 already. @returns a copy */
export function pkcs8(privateKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(privateKey.length === 32 ? [...PREFIX, ...privateKey] : privateKey);
}
