import { createHash } from 'node:crypto';

const CHUNK_BYTES = 300_000;

/** The bytes of a chunk of this file in these tests. */
export function chunkBytes(id: string, chunk: number): Buffer {
  const block = createHash('sha512').update(`${id} ${chunk}`).digest();
  return Buffer.alloc(CHUNK_BYTES, block);
}
