/**
 * AES-256-GCM and SHA-256 by WebCrypto, which computes in threads: a chunk of a file would hold up a page. Everywhere the same,
 * unlike `#algorithms`.
 */
export const fileCipher = {
  /** @param key 32 bytes. @param nonce 12 bytes. @returns the ciphertext with its tag of 16 bytes at the end */
  async seal(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Promise<Uint8Array> {
    const by = await importKey(key, 'encrypt');
    return new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, aad), by, whole(plaintext)));
  },

  /** @throws DOMException if key, nonce, associated data and ciphertext don't match */
  async open(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Promise<Uint8Array> {
    const by = await importKey(key, 'decrypt');
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, aad), by, whole(ciphertext)));
  },

  async sha256(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', whole(bytes)));
  },
};

const AES = 'AES-GCM';

function gcm(nonce: Uint8Array, aad: Uint8Array) {
  return { name: AES, iv: nonce.slice(), additionalData: aad.slice() };
}

function importKey(key: Uint8Array, use: 'encrypt' | 'decrypt') {
  return crypto.subtle.importKey('raw', key.slice(), AES, false, [use]);
}

/** WebCrypto takes no bytes of shared memory. They are copied only then. */
function whole(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}
