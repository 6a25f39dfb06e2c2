import { LIMITS } from './limits.ts';

/** What sealing adds to a piece of a file: a nonce of 12 bytes and a tag of 16. */
export const CHUNK_OVERHEAD = 28;
/** The plaintext in a full chunk. */
export const PIECE_BYTES = LIMITS.chunkBytes - CHUNK_OVERHEAD;
const SMALLEST = 16 * 1024;

/**
 * Pads the size of a file, so that it says little about the file: to 16 KiB at least, then to the next eighth of a power of two.
 * @param bytes from 0 to `LIMITS.fileBytes`
 */
export function paddedBytes(bytes: number): number {
  let size = SMALLEST;
  while (size < bytes) size *= 2;
  const eighth = size / 16;
  return size === SMALLEST ? SMALLEST : Math.ceil(bytes / eighth) * eighth;
}

/** @param padded a result of {@link paddedBytes}. @returns how many chunks the file has */
export function chunksOf(padded: number): number {
  return Math.ceil(padded / PIECE_BYTES);
}

/** @param chunk counted from 0. @returns how many bytes of the padded plaintext are in a chunk */
export function pieceBytes(padded: number, chunk: number): number {
  return Math.min(PIECE_BYTES, padded - chunk * PIECE_BYTES);
}
