import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The contents of all files below a folder. What a running program deletes meanwhile is left out; all else is read, or it fails. */
export async function filesBelow(folder: string): Promise<Buffer[]> {
  const parts = await Promise.all(
    (await readdir(folder, { withFileTypes: true })).map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path).catch(unlessGone);
      return entry.isFile() ? readFile(path).then((bytes) => [bytes], unlessGone) : [];
    }),
  );
  return parts.flatMap((files) => files ?? []);
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
