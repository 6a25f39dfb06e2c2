import { type FileCipher, NONCE_BYTES } from './file-cipher.ts';
import { concatBytes } from './noble.ts';

export const fileCipher: FileCipher = {
  async seal(key, nonce, aad, plaintext) {
    const by = await importKey(key, 'encrypt');
    const sealed = await crypto.subtle.encrypt(gcm(nonce, aad), by, whole(plaintext));
    return concatBytes(nonce, new Uint8Array(sealed)) as Uint8Array<ArrayBuffer>;
  },

  async open(key, aad, sealed) {
    const by = await importKey(key, 'decrypt');
    const nonce = sealed.subarray(0, NONCE_BYTES);
    return new Uint8Array(
      await crypto.subtle.decrypt(gcm(nonce, aad), by, whole(sealed.subarray(NONCE_BYTES))),
    );
  },

  async sha256(bytes) {
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
