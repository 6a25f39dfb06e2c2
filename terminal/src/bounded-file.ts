import { createReadStream } from 'node:fs';

/**
 * Reads a file that may have no end, such as a device. @param most how many bytes it may have. @throws RangeError when it has more, and the
 * system's error when it can't be read
 */
export async function readAtMost(file: string, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of createReadStream(file, { end: most })) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  if (bytes.length > most) throw new RangeError(`${file} has more than ${most} bytes`);
  return bytes;
}
