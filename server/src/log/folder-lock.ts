import { join } from 'node:path';
import { CannotOpen } from './cannot-open.ts';
import { openEnvironment } from './environment.ts';

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * The folders that this process holds. LMDB's locks belong to the process and are gone as soon as it closes any descriptor of
 * their file, so that a second opening in the same process must not get that far.
 */
const held = new Set<string>();

/**
 * Makes this process the folder's only user until it releases it or dies in whatever way.
 *
 * LMDB allows several processes, and Node has no file locks; LMDB has both that are needed. In an environment of its own, in which
 * nothing is ever written, the owner stands in the table of readers. The kernel's record lock on the table's file goes with the
 * process, however it ends: whoever comes when nobody is left starts with an empty table, so that nothing stale blocks a restart.
 * Two who come at once both enter their name before they look, and at least one sees the other. Process ids aren't compared, so
 * that two containers with one volume see each other.
 *
 * @param folder as `realpath` gives it
 */
export function lockFolder(folder: string): FolderLock {
  if (held.has(folder)) throw new CannotOpen('in use', `${folder} is open already`);
  const table = openEnvironment(join(folder, 'lock.mdb'));
  const refuse = (owner: string | undefined): never => {
    void table.close();
    throw new CannotOpen(
      'in use',
      `${folder} is in use by another server${owner ? ` (process ${owner})` : ''}`,
    );
  };
  const before = readers(table.readerList());
  if (before.length > 0) return refuse(before[0]);
  const mine = table.useReadTransaction();
  const others = readers(table.readerList()).filter((pid) => pid !== String(process.pid));
  if (others.length > 0 || readers(table.readerList()).length !== 1) {
    mine.done();
    return refuse(others[0]);
  }
  held.add(folder);
  return {
    async release() {
      mine.done();
      await table.close();
      held.delete(folder);
    },
  };
}

/** The process ids in the table, one per reader. */
function readers(list: string): string[] {
  return [...list.matchAll(/^\s*(\d+)\s+[0-9a-f]+\s/gm)].map(([, pid]) => pid as string);
}
