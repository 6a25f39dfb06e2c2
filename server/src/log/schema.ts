import { CannotOpen } from './cannot-open.ts';
import type { Trees } from './trees.ts';

/** Changes the records of one version into those of the next, inside the transaction that is under way. */
export type Migration = (trees: Trees) => void;

/** The first turns version 1 into version 2, and so on. A version that was released is never changed, only followed. */
const MIGRATIONS: readonly Migration[] = [];

const KEY = Buffer.from('schema');

/** Brings the store to the newest version, all steps or none. @returns the version it had, or `undefined` when it was new */
export function migrate(trees: Trees, migrations: readonly Migration[] = MIGRATIONS): number | undefined {
  const newest = migrations.length + 1;
  return trees.root.transactionSync(() => {
    const record = trees.meta.get(KEY);
    const present = record?.readUInt32BE();
    if (present !== undefined && present > newest) {
      throw new CannotOpen(
        'newer',
        `the data was written by a newer version (format ${present}; this one knows ${newest}): upgrade, or restore a backup`,
      );
    }
    if (present === newest) return present;
    if (present !== undefined) for (const step of migrations.slice(present - 1)) step(trees);
    const written = Buffer.alloc(4);
    written.writeUInt32BE(newest);
    void trees.meta.put(KEY, written);
    return present;
  });
}
