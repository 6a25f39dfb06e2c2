/**
 * AES-256-GCM and SHA-256 over chunks of files, by the platform's fastest implementation: `#file-cipher` is OpenSSL's in Node.js, and
 * elsewhere WebCrypto's, which computes in threads: a chunk would hold up a page (`crypto/package.json`, `imports`).
 */
export interface FileCipher {
  /** @param key 32 bytes. @param nonce 12 bytes. @returns nonce, ciphertext and the tag of 16 bytes, in a buffer of their own */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * @param sealed what {@link seal} returns, at least 28 bytes
   * @throws Error if key, associated data and the rest don't match
   */
  open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  sha256(bytes: Uint8Array): Promise<Uint8Array>;
}

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
