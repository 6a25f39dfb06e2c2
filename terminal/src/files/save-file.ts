import { link, mkdir, open, unlink } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { withPart, writeAll } from './part.ts';

/** How many names are tried before one that nothing has is taken for impossible. */
const MOST_NAMES = 1000;
/** The longest name in most file systems. */
const NAME_BYTES = 255;
/** A longer ending is no type of file, and may be cut. */
const EXTENSION_BYTES = 32;

/**
 * Saves a file in a folder, which is made if there is none. It gets its name only when it is whole, never the name of something else:
 * "a (2).txt" follows "a.txt". Only the user can read it, and nobody can run it.
 * @param name a cleaned one @returns its path @throws what the bytes fail with, or the system's error; then nothing of it stays
 */
export async function saveFile(
  folder: string,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  return withPart(folder, bytes, (part) => give(part, folder, name));
}

/** Gives a file the first of its names that nothing has. A hard link never replaces anything. */
async function give(part: string, folder: string, name: string): Promise<string> {
  for (let n = 1; n <= MOST_NAMES; n++) {
    const path = join(folder, n === 1 ? name : numbered(name, n));
    try {
      await link(part, path);
      return path;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
      // A file system without hard links, as on many memory cards.
      if (await copied(part, path)) return path;
    }
  }
  throw Object.assign(new Error(`no free name for ${name}`), { code: 'EEXIST' });
}

/** @returns false when something has the name */
async function copied(part: string, path: string): Promise<boolean> {
  const from = await open(part, 'r');
  try {
    const to = await open(path, 'wx', 0o600);
    try {
      for await (const some of from.createReadStream({ autoClose: false })) await writeAll(to, some);
      await to.sync();
      return true;
    } catch (error) {
      await unlink(path);
      throw error;
    } finally {
      await to.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await from.close();
  }
}

/** The same name with a number before its extension: cut, where there is no room for it. */
function numbered(name: string, n: number): string {
  const given = extname(name);
  const extension = Buffer.byteLength(given) > EXTENSION_BYTES ? '' : given;
  const ending = ` (${n})${extension}`;
  const chars = [...name.slice(0, name.length - extension.length)];
  while (Buffer.byteLength(chars.join('') + ending) > NAME_BYTES) chars.pop();
  return chars.join('') + ending;
}
