import { chmodSync, closeSync, existsSync, fsyncSync, openSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Database, IF_EXISTS, open } from 'lmdb';
import type { StoreChange } from './store.ts';

export type Table = Database<Buffer, Uint8Array>;

/** An LMDB environment: a profile's two tables, and the write lock that all processes share. */
export interface Environment {
  /** Its folder, without symbolic links. */
  readonly dir: string;
  /** The owner's record and the schema version. */
  readonly meta: Table;
  readonly records: Table;
  /**
   * Changes records in one transaction under the write lock of all processes, unless `meta` lacks the key `ifHeld`. The arguments must
   * stay as they are until it resolves; then the changes are on the disk. Calls on one environment are carried out in order.
   * A thread of LMDB does so without this one: a transaction that waited for JavaScript would never end in a process that exits
   * meanwhile, nor would the process, and it would keep the lock.
   * @returns false if the key was missing, and nothing is changed
   */
  write(changes: readonly StoreChange[], ifHeld?: Uint8Array): Promise<boolean>;
  /**
   * Runs `work`, which must be synchronous, in a transaction under the same lock. The process waits for the lock and for the disk. An
   * error of `work` undoes its writes. No {@link write} of the environment may be pending.
   */
  transactNow<T>(work: () => T): T;
  /** @returns the value as of the newest transaction of any process. */
  peek(table: 'meta' | 'records', key: Uint8Array): Uint8Array | undefined;
  close(): Promise<void>;
}

interface Shared {
  readonly environment: Omit<Environment, 'close'>;
  readonly shut: () => Promise<void>;
  holders: number;
}

/** LMDB must not open a file twice in one process: both would share locks, and deadlock. */
const opened = new Map<string, Shared>();

/**
 * Opens the environment in an existing folder, or creates it. No other process may commit to it or close it meanwhile. When LMDB opens
 * a file, it can set the counter of transactions, which all processes share, to an older number, and the next commit overwrites the
 * newest one (ITS#9496, in the LMDB that the binding includes). When it closes a file as the last process, it destroys the locks that
 * another process may be about to use.
 */
export function openEnvironment(folder: string): Environment {
  const dir = realpathSync(folder);
  const shared = opened.get(dir) ?? openShared(dir);
  opened.set(dir, shared);
  shared.holders += 1;
  let held = true;
  return {
    ...shared.environment,
    async close() {
      if (!held) return;
      held = false;
      shared.holders -= 1;
      if (shared.holders > 0) return;
      opened.delete(dir);
      await shared.shut();
    },
  };
}

function openShared(dir: string): Shared {
  const data = join(dir, 'data.mdb');
  const isNew = !existsSync(data);
  const bytes = { keyEncoding: 'binary', encoding: 'binary' } as const;
  // With overlappingSync a write would resolve when it is visible, before it is durable; without it the commit includes the
  // fsync. noSubdir by name, since a dot in the folder's name would otherwise make it a file.
  const root = open<Buffer, Uint8Array>(dir, {
    ...bytes,
    noSubdir: false,
    overlappingSync: false,
    // With turn batching a failed commit also rejects a promise that can't be caught, which ends the process.
    eventTurnBatching: false,
    maxDbs: 4,
  });
  chmodSync(data, 0o600);
  chmodSync(join(dir, 'lock.mdb'), 0o600);
  if (isNew) for (const parent of [dir, dirname(dir)]) syncFolder(parent);
  const tables = {
    meta: root.openDB({ ...bytes, name: 'meta' }) as Table,
    records: root.openDB({ ...bytes, name: 'records' }) as Table,
  };
  return {
    holders: 0,
    shut: () => root.close(),
    environment: {
      dir,
      ...tables,
      async write(changes, ifHeld) {
        try {
          const change = () => {
            for (const { key, value } of changes) {
              if (value === undefined) void tables.records.remove(key);
              else void tables.records.put(key, value as Buffer);
            }
          };
          if (ifHeld === undefined) return await root.batch(change);
          return await tables.meta.ifVersion(ifHeld as Buffer, IF_EXISTS, change);
        } catch (error) {
          throw await withCause(error);
        }
      },
      // The result is boxed, since a thenable would be awaited.
      transactNow: (work) => root.transactionSync(() => ({ result: work() })).result,
      peek(table, key) {
        root.resetReadTxn();
        return tables[table].get(key);
      },
    },
  };
}

/** Syncs the folder: otherwise a power failure may lose the new file's name, and the file with it. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A failed commit has its reason in a rejected promise, which must be handled. */
async function withCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  try {
    await error.commitError;
  } catch (cause) {
    return new Error('the profile could not be written', { cause });
  }
  return error;
}
