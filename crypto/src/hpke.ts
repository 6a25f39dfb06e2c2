import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { expand, extract } from './primitives.ts';

type Bytes = ArrayBufferLike | ArrayBufferView;

function bytesOf(data: Bytes): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** HKDF-SHA256 (RFC 5869) without a WebCrypto round trip, of which an HPKE operation with the library's own HKDF makes ten and more. */
const direct: Pick<HkdfSha256, 'extract' | 'expand' | 'extractAndExpand'> = {
  extract: async (salt, ikm) => bufferOf(extract(bytesOf(salt), bytesOf(ikm))),
  expand: async (prk, info, length) => bufferOf(expand(bytesOf(prk), bytesOf(info), length)),
  extractAndExpand: async (salt, ikm, info, length) =>
    bufferOf(expand(extract(bytesOf(salt), bytesOf(ikm)), bytesOf(info), length)),
};

class Kem extends DhkemX25519HkdfSha256 {
  constructor() {
    super();
    Object.assign(this._kdf, direct);
  }
}

/** HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM. */
export const hpkeSuite = new CipherSuite({
  kem: new Kem(),
  kdf: Object.assign(new HkdfSha256(), direct),
  aead: new Aes128Gcm(),
});
