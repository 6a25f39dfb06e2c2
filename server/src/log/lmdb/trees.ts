import { accessSync, constants, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CannotOpen } from '../cannot-open.ts';
import { type Environment, openEnvironment, openTree, type Tree } from './environment.ts';

/** The store's parts; `layout.ts` says what they hold. */
export interface Trees {
  readonly root: Environment;
  readonly meta: Tree;
  readonly rooms: Tree;
  readonly heads: Tree;
  readonly entries: Tree;
  readonly posts: Tree;
  readonly state: Tree;
  readonly expiry: Tree;
}

/** More than new files take: on a full disk the binding would die while it makes them. */
const ROOM_TO_BEGIN = 256 * 1024;

/** Makes the folder when it is absent. @returns its real path */
export function prepareFolder(folder: string): string {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const path = realpathSync(folder);
    const probe = join(path, `probe-${process.pid}`);
    try {
      writeFileSync(probe, Buffer.alloc(ROOM_TO_BEGIN), { mode: 0o600, flush: true });
    } finally {
      rmSync(probe, { force: true });
    }
    return path;
  } catch (cause) {
    throw new CannotOpen('unusable', `can't write in the data folder ${folder}`, { cause });
  }
}

/** With its parents. Node's own way to do so never returns where a folder can't be made in one that is there, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Of a data folder, the file that holds the rooms. */
export const STORE = 'log.mdb';

export function openTrees(folder: string): Trees {
  return openStore(join(folder, STORE));
}

export function openStore(file: string): Trees {
  const root = openEnvironment(file);
  const tree = (name: string): Tree => openTree(root, name);
  return {
    root,
    meta: tree('meta'),
    rooms: tree('rooms'),
    heads: tree('heads'),
    entries: tree('entries'),
    posts: tree('posts'),
    state: tree('state'),
    expiry: tree('expiry'),
  };
}
