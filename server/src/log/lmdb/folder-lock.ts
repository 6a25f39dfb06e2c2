import { join } from 'node:path';
import { CannotOpen } from '../cannot-open.ts';
import { type Environment, openEnvironment } from './environment.ts';

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Makes this process the folder's only user until it releases it or dies in whatever way.
 *
 * LMDB allows several processes, and Node has no file locks; LMDB has both that are needed. In an environment of its own, in which
 * nothing is ever written, the owner stands in the table of readers. The kernel's record lock on the table's file goes with the
 * process, however it ends: whoever comes when nobody is left starts with an empty table, so that nothing stale blocks a restart.
 * Two who come at once both enter their name before they look again, and at least one sees the other. It is the number of readers
 * that counts, not their process ids: two containers with one volume see each other.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const table = openEnvironment(join(folder, 'lock.mdb'));
  if (readers(table).length > 0) return refuse(folder, table);
  const own = table.useReadTransaction();
  if (readers(table).length > 1) {
    own.done();
    return refuse(folder, table);
  }
  return {
    async release() {
      own.done();
      await table.close();
    },
  };
}

async function refuse(folder: string, table: Environment): Promise<never> {
  const pids = new Set(readers(table));
  await table.close();
  throw new CannotOpen('in use', `${folder} is in use by process ${[...pids].join(' or ')}`);
}

/** Their process ids, one for each reader. */
function readers(table: Environment): string[] {
  return [...table.readerList().matchAll(/^\s*(\d+)\s+[0-9a-f]+\s/gm)].map(([, pid]) => pid as string);
}
