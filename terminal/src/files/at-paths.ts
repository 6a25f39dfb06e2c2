import { access, constants, readdir, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { streamAt } from '@gochat/client/path-source';
import { homeDir } from '@gochat/client/profile-dir';
import type { AttachedFile } from '@gochat/view/actions';
import { decodeText } from '@gochat/view/decode';
import type { NamedFile } from '@gochat/view/platform-files';
import { readAtMost } from '../bounded-file.ts';
import { typeByName } from './type-by-name.ts';

/** The longest text that is read as one. */
const TEXT_BYTES = 60_000;
/** How many paths completion offers. */
const MOST_PATHS = 200;

/** @returns the whole path of a file that a person has named; `~` at its start is the home folder */
function wholePath(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homeDir(process.env)));
}

/** The file at each path, or why none of it can be sent. Nothing is opened that a reader could wait for, such as a pipe. */
export function filesAt(paths: readonly string[]): Promise<readonly NamedFile[]> {
  return Promise.all(paths.map(fileAt));
}

async function fileAt(path: string): Promise<NamedFile> {
  const file = wholePath(path);
  try {
    const found = await stat(file);
    if (found.isDirectory()) return { path, failure: 'folder' };
    if (!found.isFile()) return { path, failure: 'special' };
    await access(file, constants.R_OK);
    return { path, file: attachedFile(file, found.size) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { path, failure: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable' };
  }
}

function attachedFile(file: string, bytes: number): AttachedFile {
  return {
    name: basename(file),
    type: typeByName(file),
    bytes,
    stream: () => streamAt(file),
    text: async () => {
      if (bytes > TEXT_BYTES) return undefined;
      return decodeText(await readAtMost(file, TEXT_BYTES));
    },
  };
}

/** The paths that begin with a text, as the text begins: `~` stays. Folders end with a slash; names with a leading dot come only when asked for. */
export async function pathsFrom(start: string): Promise<readonly string[]> {
  const slash = start.lastIndexOf('/') + 1;
  const [folder, begins] = [start.slice(0, slash), start.slice(slash)];
  try {
    const entries = await readdir(wholePath(folder === '' ? '.' : folder), { withFileTypes: true });
    const fitting = entries
      .filter(({ name }) => name.startsWith(begins) && (begins.startsWith('.') || !name.startsWith('.')))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, MOST_PATHS);
    return await Promise.all(
      fitting.map(async (entry) => {
        const isFolder =
          entry.isDirectory() ||
          (entry.isSymbolicLink() &&
            (await stat(wholePath(`${folder}${entry.name}`)).then(
              (found) => found.isDirectory(),
              () => false,
            )));
        return `${folder}${entry.name}${isFolder ? '/' : ''}`;
      }),
    );
  } catch {
    return [];
  }
}
