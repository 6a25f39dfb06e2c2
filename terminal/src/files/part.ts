import { constants, type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** How much is written between two syncs. */
const SYNCED_BYTES = 8 * 1024 * 1024;

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
      await writeSynced(file, bytes);
    } finally {
      await file.close();
    }
    return await use(part);
  } finally {
    await rm(part, { force: true });
  }
}

/** The disk works while more comes: one sync at the end would wait for all of it. */
async function writeSynced(file: FileHandle, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let unsynced = 0;
  let syncing: Promise<void> = Promise.resolve();
  try {
    for await (const some of bytes) {
      await writeAll(file, some);
      unsynced += some.length;
      if (unsynced < SYNCED_BYTES) continue;
      unsynced = 0;
      await syncing;
      syncing = file.datasync();
      // It is awaited later.
      syncing.catch(() => undefined);
    }
  } finally {
    await syncing;
  }
  await file.sync();
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
