import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { encodeBytes } from '@gochat/protocol/encoding';
import { RecentMap } from '../recent-map.ts';
import type { Aead, Algorithms } from './algorithms.ts';
import { hchacha20, isUsablePoint, algorithms as noble } from './noble.ts';
import { pkcs8 } from './pkcs8.ts';

const HASH_BYTES = 32;
const TAG_BYTES = 16;

/** @returns the bytes as every other platform gives them. They are not of Node.js's pool: their buffer is theirs alone. */
function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return plain(createHmac('sha256', key).update(bytes).digest());
}

function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
  let last = new Uint8Array();
  for (let i = 0; i * HASH_BYTES < length; i += 1) {
    const { buffer, byteOffset } = createHmac('sha256', prk)
      .update(last)
      .update(info)
      .update(Uint8Array.of(i + 1))
      .digest();
    last = new Uint8Array(buffer as ArrayBuffer, byteOffset, HASH_BYTES);
    blocks.set(last, i * HASH_BYTES);
  }
  return blocks.length === length ? blocks : blocks.slice(0, length);
}

function aead(name: 'aes-128-gcm' | 'chacha20-poly1305'): Aead {
  // Without the length, a tag of fewer bytes would be accepted.
  const options = { authTagLength: TAG_BYTES };
  return {
    seal: (key, nonce, aad, plaintext) => {
      const cipher = createCipheriv(name as 'aes-128-gcm', key, nonce, options).setAAD(aad);
      const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
      sealed.set(cipher.update(plaintext));
      cipher.final();
      sealed.set(cipher.getAuthTag(), plaintext.length);
      return sealed;
    },
    open: (key, nonce, aad, ciphertext) => {
      if (ciphertext.length < TAG_BYTES) throw new Error('shorter than its tag');
      const end = ciphertext.length - TAG_BYTES;
      const decipher = createDecipheriv(name as 'aes-128-gcm', key, nonce, options)
        .setAAD(aad)
        .setAuthTag(ciphertext.subarray(end));
      const plaintext = decipher.update(ciphertext.subarray(0, end));
      decipher.final();
      return plain(plaintext);
    },
  };
}

const chacha = aead('chacha20-poly1305');
const NONCE_BYTES = 12;

/** The rest of a nonce after what HChaCha20 takes (draft-irtf-cfrg-xchacha-03, section 2.3). */
function shortened(nonce: Uint8Array): Uint8Array {
  const short = new Uint8Array(NONCE_BYTES);
  short.set(nonce.subarray(16), 4);
  return short;
}

/** In a room of 1,000 members, identities and devices have 2,000 keys. */
const REMEMBERED = 4096;
const publicKeys = new RecentMap<KeyObject>(REMEMBERED);
const privateKeys = new WeakMap<Uint8Array, KeyObject>();

function publicKeyOf(key: Uint8Array): KeyObject {
  const x = encodeBytes(key);
  // Read as DER, a key takes six times as long: as long as a signature.
  return publicKeys.get(x, () => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
}

function privateKeyOf(key: Uint8Array): KeyObject {
  const made =
    privateKeys.get(key) ?? createPrivateKey({ key: Buffer.from(pkcs8(key)), format: 'der', type: 'pkcs8' });
  privateKeys.set(key, made);
  return made;
}

/** The algorithms of Node.js: constant-time, and three to twenty times as fast as in JavaScript. */
export const algorithms: Algorithms = {
  ...noble,
  sha256: (bytes) => plain(hash('sha256', bytes, 'buffer')),
  hmac,
  expand,
  aes: aead('aes-128-gcm'),
  xchacha: {
    seal: (key, nonce, aad, plaintext) =>
      chacha.seal(hchacha20(key, nonce.subarray(0, 16)), shortened(nonce), aad, plaintext),
    open: (key, nonce, aad, ciphertext) =>
      chacha.open(hchacha20(key, nonce.subarray(0, 16)), shortened(nonce), aad, ciphertext),
  },
  ed25519: {
    publicKey: (seed) =>
      plain(createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' })).slice(-32),
    sign: (seed, bytes) => plain(sign(null, bytes, privateKeyOf(seed))),
    // OpenSSL computes R from S, the key and the message, and compares its bytes. With a key in the subgroup of prime order, R is in it too.
    verify: (publicKey, bytes, signature) =>
      isUsablePoint(publicKey) && verify(null, bytes, publicKeyOf(publicKey), signature),
  },
  messages: {
    sign: async (privateKey, message) => plain(sign(null, message, privateKeyOf(privateKey))),
    verify: async (publicKey, message, signature) => verify(null, message, publicKeyOf(publicKey), signature),
  },
};
