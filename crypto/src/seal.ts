import type { RoomId } from '@gochat/protocol/fields';
import type { EpochKeys } from './keys.ts';
import { suite } from './mls/suite.ts';
import { pad, padMessage, unpad } from './padding.ts';
import { concatBytes, decrypt, type Env, encrypt, transcript, utf8 } from './primitives.ts';

/** The first byte of a body says how it is sealed. */
const MEMBER = 1;
const JOINER = 2;
const ENC_BYTES = 32;

type Purpose = 'message' | 'handshake' | 'signal';

function aad(purpose: Purpose | 'join' | 'groupinfo', room: RoomId): Uint8Array {
  return transcript(`gochat/seal/${purpose}/2`, utf8(room));
}

/** Pads and encrypts an MLS message with the epoch's key for its purpose. This hides the MLS framing and the length. */
export function sealBody(
  keys: EpochKeys,
  purpose: Purpose,
  room: RoomId,
  plaintext: Uint8Array,
  env: Env,
): Uint8Array {
  const padded = purpose === 'handshake' ? pad(plaintext) : padMessage(plaintext);
  return concatBytes(Uint8Array.of(MEMBER), encrypt(keys[purpose], aad(purpose, room), padded, env));
}

/** @returns undefined if the body was not sealed for this epoch, purpose and room. */
export function openBody(
  keys: EpochKeys,
  purpose: Purpose,
  room: RoomId,
  body: Uint8Array,
): Uint8Array | undefined {
  if (body[0] !== MEMBER) return undefined;
  const padded = decrypt(keys[purpose], aad(purpose, room), body.subarray(1));
  return padded && unpad(padded);
}

/** Seals a joiner's commit to the epoch's join key (HPKE, RFC 9180, base mode). */
export async function sealJoin(
  joinKey: Uint8Array,
  room: RoomId,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const { hpke } = await suite();
  const { enc, ct } = await hpke.seal(await hpke.importPublicKey(joinKey), pad(plaintext), aad('join', room));
  return concatBytes(Uint8Array.of(JOINER), enc, ct);
}

export async function openJoin(
  keys: EpochKeys,
  room: RoomId,
  body: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (body[0] !== JOINER || body.length <= 1 + ENC_BYTES) return undefined;
  const { hpke } = await suite();
  const { privateKey } = await hpke.deriveKeyPair(keys.joinIkm);
  try {
    const padded = await hpke.open(
      privateKey,
      body.slice(1, 1 + ENC_BYTES),
      body.slice(1 + ENC_BYTES),
      aad('join', room),
    );
    return unpad(padded);
  } catch {
    return undefined;
  }
}

/** Whether a handshake's body is marked as a joiner's. */
export function isJoin(body: Uint8Array): boolean {
  return body[0] === JOINER;
}

export function sealGroupInfo(key: Uint8Array, room: RoomId, groupInfo: Uint8Array, env: Env): Uint8Array {
  return encrypt(key, aad('groupinfo', room), pad(groupInfo), env);
}

export function openGroupInfo(key: Uint8Array, room: RoomId, sealed: Uint8Array): Uint8Array | undefined {
  const padded = decrypt(key, aad('groupinfo', room), sealed);
  return padded && unpad(padded);
}
