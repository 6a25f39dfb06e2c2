import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes bytes to a file with a name of its own in a folder, until it is on the disk. Only the user can read it, and nobody can run it.
 * @param use gives it its name; what is left under the first name is removed
 * @throws what the bytes or `use` fail with, or the system's error; then nothing of it stays
 */
export async function withPart<T>(
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
  use: (part: string) => Promise<T>,
): Promise<T> {
  const part = join(folder, `.gochat-${crypto.randomUUID()}.part`);
  // Exclusive: a link that somebody has put there is not followed.
  const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    try {
      for await (const some of bytes) await writeAll(file, some);
      await file.sync();
    } finally {
      await file.close();
    }
    return await use(part);
  } finally {
    await rm(part, { force: true });
  }
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
