import { cannotWrite } from '../cannot-open.ts';
import type { Clock, EmbeddedEngine, Engine } from '../engine.ts';
import { Followers } from '../followers.ts';
import { type Entry, type RoomId, Unavailable } from '../log.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { Posts } from './posts.ts';
import { type Quotas, trim } from './quotas.ts';
import { RoomDeletion } from './room-deletion.ts';
import { LmdbLog } from './room-log.ts';
import { LmdbState } from './room-state.ts';
import { migrate } from './schema.ts';
import { requireSpace, writeSnapshot } from './snapshot.ts';
import type { Store, Written } from './store.ts';
import { sweep } from './sweep.ts';
import { openTrees, prepareFolder, type Trees } from './trees.ts';
import { Writer } from './writer.ts';

export interface LmdbOptions {
  /** Created with mode 700 if it doesn't exist. */
  readonly folder: string;
  readonly now?: Clock;
  readonly quotas?: Quotas;
  /** Called with the number of writes that shared a sync of the disk. */
  readonly committed?: (changes: number) => void;
}

export type LmdbEngine = EmbeddedEngine & Required<Pick<Engine, 'backup'>>;

/**
 * Opens the embedded engine: one process, one folder, every acknowledged write on disk.
 *
 * @throws CannotOpen the folder is unusable, in use, damaged or of a newer version
 */
export async function openLmdb({
  folder,
  now = Date.now,
  quotas = {},
  committed,
}: LmdbOptions): Promise<LmdbEngine> {
  const path = prepareFolder(folder);
  const lock = await lockFolder(path);
  const trees = await openMigrated(path, lock);
  const followers = new Followers();
  const writer = new Writer<Written>(
    trees.root,
    (written) => {
      for (const [room, entries] of byRoom(written)) followers.publish(room, entries);
    },
    () => followers.loseAll(),
    committed,
  );
  const store: Store = { trees, posts: new Posts(trees), writer, now };
  const deletion = new RoomDeletion(store, followers);
  await deletion.resume();
  let closed = false;
  let snapshots: Promise<unknown> = Promise.resolve();
  const snapshot = async (file: string) => {
    if (closed) throw new Unavailable('the log is closed');
    await requireSpace(trees, file);
    await writeSnapshot(trees.root, file);
  };
  return {
    log: new LmdbLog(store, followers, deletion),
    state: new LmdbState(store, deletion),
    sweep: async () => (await sweep(store)) + (await trim(store, quotas)),
    writable: () => Number(writer.open),
    rooms: () => trees.rooms.getKeysCount(),
    async backup(file) {
      const written = snapshot(file);
      snapshots = Promise.allSettled([snapshots, written]);
      await written.catch((cause: unknown) => {
        throw cannotWrite(file, cause);
      });
    },
    async close() {
      closed = true;
      followers.loseAll();
      await writer.close();
      // LMDB can't interrupt a copy, and its thread reads the environment.
      await snapshots;
      await trees.root.close();
      await lock.release();
    },
  };
}

async function openMigrated(path: string, lock: FolderLock): Promise<Trees> {
  let trees: Trees | undefined;
  try {
    trees = openTrees(path);
    migrate(trees);
    return trees;
  } catch (error) {
    await trees?.root.close();
    await lock.release();
    throw error;
  }
}

function byRoom(written: readonly Written[]): Map<RoomId, Entry[]> {
  const rooms = new Map<RoomId, Entry[]>();
  for (const { room, entry } of written) {
    const entries = rooms.get(room);
    if (entries) entries.push(entry);
    else rooms.set(room, [entry]);
  }
  return rooms;
}
