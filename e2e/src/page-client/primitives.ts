import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  sign as edSign,
  verify as edVerify,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { ascii, base64url, concat, fromBase64url } from './encoding.ts';

/** The functions of docs/protocol.md, “Notation”, on Node.js alone. */

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** `HKDF(s, label, n)`. */
export function hkdf(secret: Uint8Array, label: string | Uint8Array, length = 32): Uint8Array {
  const info = typeof label === 'string' ? ascii(label) : label;
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), info, length));
}

/** HChaCha20 from one block of ChaCha20: the block without the words that ChaCha20 adds at its end. */
function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const block = createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64));
  const added = concat(ascii('expand 32-byte k'), nonce);
  const subkey = Buffer.alloc(32);
  for (let word = 0; word < 8; word++) {
    const at = word < 4 ? word * 4 : 32 + word * 4;
    const start = Buffer.from(added).readUInt32LE(word * 4);
    subkey.writeUInt32LE((block.readUInt32LE(at) - start) >>> 0, word * 4);
  }
  return subkey;
}

const shortNonce = (nonce: Uint8Array) => concat(new Uint8Array(4), nonce.slice(16));

/** `SEAL(k, aad, p)`. */
export function seal(
  key: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  nonce = random(24),
): Uint8Array {
  const subkey = hchacha20(key, nonce.slice(0, 16));
  const cipher = createCipheriv('chacha20-poly1305', subkey, shortNonce(nonce), { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: plaintext.length });
  return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** @throws if the tag is wrong */
export function open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const nonce = sealed.slice(0, 24);
  const ciphertext = sealed.slice(24, -16);
  const subkey = hchacha20(key, nonce.slice(0, 16));
  const cipher = createDecipheriv('chacha20-poly1305', subkey, shortNonce(nonce), { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: ciphertext.length });
  cipher.setAuthTag(sealed.slice(-16));
  return concat(cipher.update(ciphertext), cipher.final());
}

export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

const ED25519_PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex');

const edPrivate = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([ED25519_PRIVATE, seed]), format: 'der', type: 'pkcs8' });

export function ed25519(privateKey: Uint8Array = random(32)): KeyPair {
  const { x } = createPublicKey(edPrivate(privateKey)).export({ format: 'jwk' });
  return { privateKey, publicKey: fromBase64url(x ?? '') };
}

export const sign = ({ privateKey }: KeyPair, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(edSign(null, bytes, edPrivate(privateKey)));

export function verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) };
  return edVerify(null, bytes, createPublicKey({ key: jwk, format: 'jwk' }), signature);
}
