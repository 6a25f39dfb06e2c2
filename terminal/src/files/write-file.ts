import { link, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { UsageError } from '@gochat/server/usage-error';
import { withPart } from './part.ts';

/**
 * Writes a file that gets its name only once it is whole and on the disk. Only the user can read it.
 * @param replaces whether it may take the place of an older file
 * @param profile the folder of the profile, of which nothing is replaced
 * @throws UsageError if there is one already, or if the folder can't be written; what the bytes fail with. Then an older file is as it was
 */
export async function writeFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  replaces: boolean,
  profile: string,
): Promise<void> {
  const file = resolve(path);
  const folder = dirname(file);
  // Before the bytes are made, which may take long.
  if (!replaces && (await isThere(file))) throw exists(path);
  if (replaces && (await isFolder(file))) throw new UsageError(`${path} is a folder: name a file in it`);
  if (replaces && (await isWithin(profile, file)))
    throw new UsageError(`${path} belongs to the profile itself: name another file`);
  try {
    await withPart(folder, bytes, async (part) => {
      const whole = join(folder, basename(file));
      if (replaces) await rename(part, whole);
      else await take(part, whole);
      await syncFolder(folder);
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(path);
    if (code !== undefined && code in FAILURES)
      throw new UsageError(`${path} can't be written: ${FAILURES[code]}`, { cause });
    throw cause;
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EACCES: 'its folder may not be written to',
  EPERM: 'its folder may not be written to',
  EROFS: 'its folder may not be written to',
  ENOSPC: 'there is no space left on the device',
  ENAMETOOLONG: 'its name is too long',
};

function exists(path: string): UsageError {
  return new UsageError(`${path} exists: name another file, or replace it with --force`);
}

/** Gives the file its name unless something has it: a hard link never replaces anything. */
async function take(part: string, file: string): Promise<void> {
  try {
    await link(part, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    // A file system without hard links, as on many memory cards: the name is taken first.
    await (await open(file, 'wx', 0o600)).close();
    await rename(part, file).catch(async (cause: unknown) => {
      await unlink(file);
      throw cause;
    });
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Whether there is a file that belongs to a folder, or is a link to one that does. */
async function isWithin(folder: string, file: string): Promise<boolean> {
  if (!(await isThere(file))) return false;
  const inside = `${await realpath(folder)}${sep}`;
  const paths = [await realpath(file), join(await realpath(dirname(file)), basename(file))];
  return paths.some((path) => path.startsWith(inside));
}

/** Otherwise a power failure may lose the new name, and the file with it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
