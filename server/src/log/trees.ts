import { accessSync, constants, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { CannotOpen } from './cannot-open.ts';
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

/** Makes the folder when it is absent. @returns its real path */
export function prepareFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(folder);
  } catch (cause) {
    throw new CannotOpen('unusable', `can't write in the data folder ${folder}`, { cause });
  }
}

export function openTrees(folder: string): Trees {
  const path = join(folder, 'log.mdb');
  const present = existsSync(path);
  let root: Environment | undefined;
  try {
    root = openEnvironment(path);
    const store = root;
    const tree = (name: string): Tree => openTree(store, name);
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
  } catch (cause) {
    void root?.close();
    if (!present) throw new CannotOpen('unusable', `can't make ${path}`, { cause });
    throw new CannotOpen(
      'damaged',
      `${path} can't be read: restore it from a backup, or move it away to begin anew`,
      {
        cause,
      },
    );
  }
}
