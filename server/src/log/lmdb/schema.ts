import { CannotOpen } from '../cannot-open.ts';
import { decodeEntry, decodeRoom, encodeRoom, endOf, positionOf } from './layout.ts';
import type { Trees } from './trees.ts';

/** Changes the records of one version into those of the next, inside the transaction that is under way. */
export type Migration = (trees: Trees) => void;

/** The first turns version 1 into version 2, and so on. A version that was released is never changed, only followed. */
const MIGRATIONS: readonly Migration[] = [countKept];

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

/** Version 2 knows of each room how many bytes of messages it keeps. */
function countKept({ rooms, entries }: Trees): void {
  for (const { key: room, value } of [...rooms.getRange()]) {
    let kept = 0;
    for (const { key, value: record } of entries.getRange({ start: room, end: endOf(room) })) {
      const { entry } = decodeEntry(positionOf(key), record);
      if (entry.kind === 'message') kept += entry.body.length;
    }
    void rooms.put(room, encodeRoom({ ...decodeRoom(value), kept }));
  }
}
