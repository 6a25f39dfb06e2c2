import { join } from 'node:path';
import { CannotOpen } from '../cannot-open.ts';
import { type Environment, openEnvironment } from './environment.ts';

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Locks the folder for this process, until the lock is released or the process ends.
 *
 * Node.js has no file locks, but LMDB does. A second LMDB environment, in which nothing is ever written, serves as the lock: its
 * owner registers as a reader. The kernel releases LMDB's record lock on the reader table when the process ends, however it ends,
 * and the next process starts with an empty table. So a stale lock never blocks a restart. If two processes start at once, both
 * register before they check again, and at least one sees the other. Readers are counted, whatever their process ids: so two
 * containers with the same volume see each other.
 * @throws CannotOpen `in use`
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

/** One process id per reader. */
function readers(table: Environment): string[] {
  return [...table.readerList().matchAll(/^\s*(\d+)\s+[0-9a-f]+\s/gm)].map(([, pid]) => pid as string);
}
