import { CannotOpen } from '../cannot-open.ts';
import { decodeEntry, decodeRoom, encodeRoom, endOf, positionOfKey } from './layout.ts';
import type { Trees } from './trees.ts';

/** Converts the records of one version to the next, inside the current transaction. */
export type Migration = (trees: Trees) => void;

/** The first converts version 1 to version 2, and so on. The migrations of released versions must not be changed. */
const MIGRATIONS: readonly Migration[] = [countBytes];

const KEY = Buffer.from('schema');

/**
 * Migrates the store to the newest version, in one transaction.
 * @returns the version that it had; undefined: it was new
 * @throws CannotOpen `newer`
 */
export function migrate(trees: Trees, migrations: readonly Migration[] = MIGRATIONS): number | undefined {
  const newest = migrations.length + 1;
  return trees.root.transactionSync(() => {
    const record = trees.meta.get(KEY);
    const present = record?.readUInt32BE();
    if (present !== undefined && present > newest) {
      throw new CannotOpen(
        'newer',
        `a newer version wrote the data (format ${present}; this version reads up to ${newest}): upgrade, or restore a backup`,
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

/** Version 2 stores how many bytes of messages each room has. */
function countBytes({ rooms, entries }: Trees): void {
  for (const { key: room, value } of [...rooms.getRange()]) {
    let storedBytes = 0;
    for (const { key, value: record } of entries.getRange({ start: room, end: endOf(room) })) {
      const { entry } = decodeEntry(positionOfKey(key), record);
      if (entry.kind === 'message') storedBytes += entry.body.length;
    }
    void rooms.put(room, encodeRoom({ ...decodeRoom(value), storedBytes }));
  }
}
