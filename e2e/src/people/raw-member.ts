import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { FileId, Position, RequestId, RoomId } from '@gochat/protocol/fields';
import { type FileVerb, formatFilePass } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import type { Rules } from '@gochat/protocol/rules';
import {
  signedCreate,
  signedEnter,
  signedFilePass,
  signedHandshake,
  signedOrder,
  signedVoice,
} from '@gochat/protocol/signed';
import type { InviteGrant } from '@gochat/protocol/up';

/** So many random bytes, as base64url. */
export const text = (bytes: number): string => randomBytes(bytes).toString('base64url');

/** PKCS #8 around a private key of 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A new Ed25519 key. It isn't made by `generateKeyPairSync`: where garbage of that is collected while the key is exported as JWK,
 * Node.js 20 waits for ever.
 */
export function newPrivateKey(): KeyObject {
  const key = Buffer.concat([PKCS8, randomBytes(32)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** What every member of the rooms knows: it makes them, and proves that it may enter. */
export class RawMember {
  readonly #port: number;
  readonly #access: KeyObject;
  readonly #accessKey: string;

  /** @param secret the {@link secret} of another object, to act as the same member */
  constructor(port: number, secret?: string) {
    const access = secret === undefined ? newPrivateKey() : createPrivateKey(secret);
    this.#port = port;
    this.#access = access;
    this.#accessKey = access.export({ format: 'jwk' }).x ?? '';
  }

  /** Its key, for another process. */
  get secret(): string {
    return this.#access.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  /** The public half of it. */
  get accessKey(): string {
    return this.#accessKey;
  }

  get origin(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** @param invites as the server is to hold them */
  create(room: RoomId, invites: readonly InviteGrant[] = [], rules?: Rules): string {
    const frame = {
      type: 'create' as const,
      id: text(16) as RequestId,
      room,
      body: text(300),
      access: this.#accessKey,
      admin: this.#accessKey,
      groupInfo: text(900),
      member: text(60),
      invites: [...invites],
      ...(rules && { rules }),
    };
    return JSON.stringify({ ...frame, proof: this.#sign(signedCreate(frame)) });
  }

  /**
   * A commit that is swapped from `after`; its access key was added at `key`.
   * @param retires whether it orders that earlier keys are retired
   * @returns its id, and its frame
   */
  handshake(
    room: RoomId,
    after: string,
    key: string,
    retires = false,
  ): { readonly id: string; readonly frame: string } {
    const id = text(16);
    const frame = {
      type: 'handshake' as const,
      id: id as RequestId,
      room,
      after: after as Position,
      key: key as Position,
      body: text(300),
      access: this.#accessKey,
      groupInfo: text(900),
      member: text(60),
      invites: [],
    };
    const proved = { ...frame, proof: this.#sign(signedHandshake(frame)) };
    if (!retires) return { id, frame: JSON.stringify(proved) };
    const unsigned = { key: this.#accessKey, retire: true as const };
    const order = { ...unsigned, proof: this.#sign(signedOrder(frame, unsigned)) };
    return { id, frame: JSON.stringify({ ...proved, order }) };
  }

  /** @param key where its access key was added. @param voice the voice key, if it has that */
  enter(room: RoomId, nonce: string, since: string, key = '1', voice?: KeyObject): string {
    const frame = {
      type: 'enter',
      id: `enter-${room}` as RequestId,
      room,
      key: key as Position,
      since: since as Position,
      nonce: text(16),
    } as const;
    const dialled = { origin: this.origin, nonce };
    const proof = this.#sign(signedEnter(dialled, frame));
    const claim = voice && sign(null, signedVoice(dialled, frame), voice).toString('base64url');
    return JSON.stringify({ ...frame, proof, ...(claim !== undefined && { voice: claim }) });
  }

  /** The value of `Authorization` for a request on a file, with the key that the first handshake added. @param bytes the padded size, to store it */
  filePass(verb: FileVerb, id: FileId, room: RoomId, bytes = 0): string {
    const until = Date.now() + LIMITS.filePassMs / 2;
    const pass = { origin: this.origin, room, key: '1' as Position, bytes, until };
    return formatFilePass({ ...pass, proof: this.#sign(signedFilePass(verb, id, pass)) });
  }

  #sign(bytes: Uint8Array): string {
    return sign(null, bytes, this.#access).toString('base64url');
  }
}
