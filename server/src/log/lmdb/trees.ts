import { accessSync, constants, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CannotOpen } from '../cannot-open.ts';
import { type Environment, openEnvironment, openTree, type Tree } from './environment.ts';

/** The trees of the store. `layout.ts` describes their records. */
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

/** The file of a client's profile. */
const PROFILE_STORE = 'data.mdb';

/** Disk space to check for, more than the new files need: on a full disk the binding crashes while it creates them. */
const FREE_BYTES = 256 * 1024;

/** Creates the folder if it doesn't exist. @returns its real path. @throws CannotOpen when it can't be written, or has a profile */
export function prepareFolder(folder: string): string {
  try {
    makeFolder(folder);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const path = realpathSync(folder);
    // A server's lock.mdb would overwrite the profile's.
    if (existsSync(join(path, PROFILE_STORE)))
      throw new CannotOpen(
        'unusable',
        `${folder} has a client's profile (data.mdb, key and lock.mdb): choose another data folder`,
      );
    const probe = join(path, `probe-${process.pid}`);
    try {
      writeFileSync(probe, Buffer.alloc(FREE_BYTES), { mode: 0o600, flush: true });
    } finally {
      rmSync(probe, { force: true });
    }
    return path;
  } catch (cause) {
    if (cause instanceof CannotOpen) throw cause;
    throw new CannotOpen('unusable', `can't write in the data folder ${folder}`, { cause });
  }
}

/** Creates the folder and its parents. Node's `recursive` option never returns if a folder can't be created in an existing one, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** The name of the file in the data folder that holds the rooms. */
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
