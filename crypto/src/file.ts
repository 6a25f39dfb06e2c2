import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, chunksOf, paddedBytes, pieceBytes } from '@gochat/protocol/file-chunks';
import type { FilePass } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import { signedFilePass } from '@gochat/protocol/signed';
import { fileCipher } from '#file-cipher';
import { NONCE_BYTES, TAG_BYTES } from './algorithms/file-cipher.ts';
import { FileError } from './file-error.ts';
import { concatBytes, type Env, sign, transcript, uint32, utf8 } from './primitives.ts';
import type { Room } from './room.ts';

/** Where a file is, and what opens it. All members of the room learn it from the message. */
export interface FileSeal {
  readonly room: RoomId;
  readonly id: FileId;
  /** 32 random bytes as base64url, for this file alone. */
  readonly key: string;
  /** The size of the file, in bytes. Its chunks are padded. */
  readonly bytes: number;
}

/** @returns a new file's id, key, and the secret that deletes it on the server, all random */
export function newFile(env: Pick<Env, 'random'>): {
  readonly id: FileId;
  readonly key: string;
  readonly discard: string;
} {
  return {
    id: encodeBytes(env.random(16)) as FileId,
    key: encodeBytes(env.random(32)),
    discard: encodeBytes(env.random(16)),
  };
}

/** @param discard the secret of {@link newFile}. @returns what the server is given with the first chunk */
export async function discardHash(discard: string): Promise<string> {
  return encodeBytes(await fileCipher.sha256(decodeBytes(discard)));
}

/** @param bytes the size of a file. @returns how many chunks it has */
export function chunkCount(bytes: number): number {
  return chunksOf(paddedBytes(bytes));
}

/**
 * Seals one piece of a file with AES-256-GCM under a random nonce.
 * @param chunk counted from 0
 * @param piece the next `PIECE_BYTES` of the file, or what is left of it; it is padded with zeros here
 * @returns nonce, ciphertext, tag: at most 1 MiB
 */
export async function sealChunk(
  file: FileSeal,
  chunk: number,
  piece: Uint8Array,
  env: Pick<Env, 'random'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = pieceBytes(paddedBytes(file.bytes), chunk);
  if (piece.length > length) throw new RangeError('a piece is larger than its chunk');
  const padded = piece.length === length ? piece : concatBytes(piece, new Uint8Array(length - piece.length));
  return fileCipher.seal(decodeBytes(file.key), env.random(NONCE_BYTES), dataOf(file, chunk), padded);
}

/**
 * Opens one chunk. Every member has the key: only the hash in the message shows that its author has sealed the chunk.
 * @returns the piece without padding
 * @throws FileError `damaged`
 */
export async function openChunk(
  file: FileSeal,
  chunk: number,
  sealed: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const padded = paddedBytes(file.bytes);
  if (sealed.length !== pieceBytes(padded, chunk) + CHUNK_OVERHEAD || sealed.length < NONCE_BYTES + TAG_BYTES)
    throw new FileError('damaged');
  const piece = await fileCipher
    .open(decodeBytes(file.key), dataOf(file, chunk), sealed)
    .catch((cause: unknown) => {
      throw new FileError('damaged', { cause });
    });
  const from = chunk * pieceBytes(padded, 0);
  return piece.subarray(0, Math.max(0, file.bytes - from));
}

/** A chunk can't replace one of another file, or another one of its own, and none can be left out. */
function dataOf({ room, id, bytes }: FileSeal, chunk: number): Uint8Array {
  return transcript('gochat/file/2', utf8(room), utf8(id), uint32(chunk), uint32(chunkCount(bytes)));
}

/**
 * @param hash of all chunks; '' for a file of this profile
 * @returns 16 bytes as base64url, that keep apart the files of a cache whose ids are the same
 */
export async function cacheId(room: RoomId, id: FileId, hash: string): Promise<string> {
  return encodeBytes((await fileCipher.sha256(utf8(`${room} ${id} ${hash}`))).subarray(0, 16));
}

/** @returns the SHA-256 of one sealed chunk, for {@link fileHash} */
export function chunkHash(sealed: Uint8Array): Promise<Uint8Array> {
  return fileCipher.sha256(sealed);
}

/** @param chunkHashes the SHA-256 of each sealed chunk, in order. @returns the SHA-256 of all of them, as base64url: `hash` in the message */
export async function fileHash(chunkHashes: readonly Uint8Array[]): Promise<string> {
  return encodeBytes(await fileCipher.sha256(concatBytes(...chunkHashes)));
}

/** What a pass is for. */
export type PassFor =
  | { readonly verb: 'get'; readonly id: FileId }
  | {
      readonly verb: 'put';
      readonly id: FileId;
      /** The size of the file. */
      readonly bytes: number;
      /** The result of {@link discardHash}. */
      readonly discard?: string;
      readonly keepMs?: number;
    }
  /** @param discard the secret of {@link newFile}; absent: an admin deletes a member's file */
  | { readonly verb: 'drop'; readonly id: FileId; readonly discard?: string };

/**
 * Signs a pass for requests on a file with this device's access key, or the room's admin key to delete the file of somebody else.
 * @param at `origin`: of the connection. `now`: the server's clock
 * @returns undefined if that takes the admin key, and this device doesn't have it
 */
export function signFilePass(
  room: Room,
  wanted: PassFor,
  at: { readonly origin: string; readonly now: number },
): FilePass | undefined {
  const isAdmin = wanted.verb === 'drop' && wanted.discard === undefined;
  const by = isAdmin ? room.admin : room.accessKey;
  if (by === undefined) return undefined;
  const { verb, id } = wanted;
  const unsigned = {
    origin: at.origin,
    room: room.id,
    key: isAdmin ? encodeBytes(by.publicKey) : room.key,
    bytes: verb === 'put' ? paddedBytes(wanted.bytes) : 0,
    ...(verb !== 'get' && wanted.discard !== undefined && { discard: wanted.discard }),
    ...(verb === 'put' && wanted.keepMs !== undefined && { keepMs: wanted.keepMs }),
    until: Math.floor(at.now) + LIMITS.filePassMs / 2,
  };
  return { ...unsigned, proof: encodeBytes(sign(by, signedFilePass(verb, id, unsigned))) };
}
