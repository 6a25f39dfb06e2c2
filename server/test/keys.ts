import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, RequestId, RoomId } from '@gochat/protocol/fields';

/** PKCS #8 around a private key of 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A new Ed25519 key. It isn't made by `generateKeyPairSync`: where garbage of that is collected while the key is exported as JWK,
 * Node.js 20 waits for ever.
 */
function newPrivateKey(): KeyObject {
  const key = Buffer.concat([PKCS8, randomBytes(32)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** An Ed25519 key pair as a client holds it. */
export class KeyPair {
  readonly #privateKey: KeyObject;
  readonly public: string;

  constructor() {
    this.#privateKey = newPrivateKey();
    this.public = createPublicKey(this.#privateKey).export({ format: 'jwk' }).x ?? '';
  }

  sign(bytes: Uint8Array): string {
    return encodeBytes(sign(null, bytes, this.#privateKey));
  }
}

export const bytes = (length: number): string => encodeBytes(randomBytes(length));
export const newId = (): RequestId => bytes(16) as RequestId;
export const newRoomId = (): RoomId => bytes(16) as RoomId;
export const newInviteId = (): InviteId => bytes(16) as InviteId;
export const sealed = (text: string): string => encodeBytes(new TextEncoder().encode(text));
export const opened = (body: string): string => Buffer.from(body, 'base64url').toString();
