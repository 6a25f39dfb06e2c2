import type { RoomId } from '@gochat/protocol/fields';
import {
  decrypt,
  derive,
  type Env,
  encrypt,
  equalBytes,
  NONCE_BYTES,
  type SigningKey,
  signingKey,
  TAG_BYTES,
  transcript,
  utf8,
} from './primitives.ts';

/**
 * The admin key for a device of the admin who made it that has lost it or never had it. It is sealed with what only the devices of that
 * person have, and with the secret of the room's own invite, by which such a device comes in: so it ends with that invite.
 */

/** The size of a sealed admin key, in bytes. */
const SEALED_BYTES = NONCE_BYTES + 32 + TAG_BYTES;

/** @returns the secret that all devices with this identity have, and no limited device */
export function personKeyOf(identity: SigningKey): Uint8Array {
  return derive(identity.seed, 'gochat/person/2');
}

function sealKey(room: RoomId, person: Uint8Array, own: Uint8Array): Uint8Array {
  return derive(person, transcript('gochat/office/2', utf8(room), own));
}

function aadOf(room: RoomId): Uint8Array {
  return transcript('gochat/seal/office/2', utf8(room));
}

/** @param own the secret of the own invite. @returns the bytes that {@link openAdminKey} reads */
export function sealAdminKey(
  room: RoomId,
  person: Uint8Array,
  own: Uint8Array,
  key: SigningKey,
  env: Pick<Env, 'random'>,
): Uint8Array {
  return encrypt(sealKey(room, person, own), aadOf(room), key.seed, env);
}

/** @returns undefined if another person has sealed it, or with another own invite */
export function openAdminKey(
  room: RoomId,
  person: Uint8Array,
  own: Uint8Array,
  sealed: Uint8Array,
): SigningKey | undefined {
  const seed = decrypt(sealKey(room, person, own), aadOf(room), sealed);
  return seed === undefined ? undefined : signingKey(seed);
}

/** What members know of the sealed admin key. */
export interface SealedOffice {
  /** Undefined if there is none that could be opened. */
  readonly sealed: Uint8Array | undefined;
  /** Whether a commit has said so. What a joiner read in the GroupInfo may be wrong. */
  readonly heard: boolean;
}

export const NO_OFFICE: SealedOffice = { sealed: undefined, heard: true };

/** @returns what a GroupInfo says */
export function readOffice(bytes: Uint8Array | undefined): SealedOffice {
  return { sealed: isSealed(bytes) ? bytes : undefined, heard: false };
}

/**
 * @param lives whether the own invite is the same after the commit as before it
 * @param said what the data of an admin's commit says
 * @returns what members know after a commit
 */
export function officeAfter(known: SealedOffice, lives: boolean, said: Uint8Array | undefined): SealedOffice {
  if (said !== undefined) return { sealed: isSealed(said) ? said : undefined, heard: true };
  return lives ? known : NO_OFFICE;
}

function isSealed(bytes: Uint8Array | undefined): bytes is Uint8Array {
  return bytes?.length === SEALED_BYTES;
}

/** Whether a GroupInfo with this extension says what members know. Who hasn't heard it from a commit doesn't know better. */
export function isOffice({ sealed, heard }: SealedOffice, extension: Uint8Array | undefined): boolean {
  if (!heard) return true;
  return sealed === undefined || extension === undefined
    ? sealed === extension
    : equalBytes(sealed, extension);
}
