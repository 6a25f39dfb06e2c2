import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, RequestId, RoomId } from '@gochat/protocol/fields';

/** An Ed25519 key pair as a client holds it. */
export class KeyPair {
  readonly #privateKey: KeyObject;
  readonly public: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.#privateKey = privateKey;
    this.public = publicKey.export({ format: 'jwk' }).x ?? '';
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
