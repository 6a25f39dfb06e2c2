import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { encodeBytes } from '@gochat/protocol/encoding';

/** PKCS #8 before a private key of 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new Ed25519 key pair. Its secret is in no message, and ends with the check. */
export class KeyPair {
  readonly #privateKey: KeyObject;
  readonly public: string;

  constructor() {
    const key = Buffer.concat([PKCS8, randomBytes(32)]);
    this.#privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    this.public = createPublicKey(this.#privateKey).export({ format: 'jwk' }).x ?? '';
  }

  sign(bytes: Uint8Array): string {
    return encodeBytes(sign(null, bytes, this.#privateKey));
  }
}

/** @returns random bytes in base64url */
export function random<T extends string = string>(length = 16): T {
  return encodeBytes(randomBytes(length)) as T;
}
