import { concatBytes, uint32 } from './primitives.ts';

const SMALLEST = 512;
/** Up to here sizes are powers of two. Above, eighths of a power of two waste less of a large GroupInfo. */
const COARSE = 16 * 1024;
/** The bucket above 64 KiB exists so that a message of 64 KiB isn't padded to 128 KiB. */
const MESSAGE_BUCKETS: readonly number[] = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 69632];

/** The largest plaintext of a message, in bytes. */
export const MESSAGE_CAPACITY = 69632 - 4;

/** Prefixes a message with its length and pads it to the next bucket. @throws RangeError above {@link MESSAGE_CAPACITY}. */
export function padMessage(bytes: Uint8Array): Uint8Array {
  const size = MESSAGE_BUCKETS.find((bucket) => bucket >= bytes.length + 4);
  if (size === undefined) throw new RangeError(`${bytes.length} bytes exceed the capacity of a message`);
  return fill(bytes, size);
}

/**
 * Prefixes a handshake or GroupInfo with its length and pads it to at least 512 bytes: to a power of two up to 16 KiB, and to the next
 * eighth of a power of two above.
 */
export function pad(bytes: Uint8Array): Uint8Array {
  const least = bytes.length + 4;
  let size = SMALLEST;
  while (size < least) size *= 2;
  if (size <= COARSE) return fill(bytes, size);
  const eighth = size / 16;
  return fill(bytes, Math.ceil(least / eighth) * eighth);
}

/** @returns the input of {@link pad} or {@link padMessage}, or undefined if the length prefix is invalid. */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  if (padded.length < 4) return undefined;
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  return length <= padded.length - 4 ? padded.slice(4, 4 + length) : undefined;
}

function fill(bytes: Uint8Array, size: number): Uint8Array {
  return concatBytes(uint32(bytes.length), bytes, new Uint8Array(size - bytes.length - 4));
}
