import { constants, existsSync, realpathSync, statSync } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { requestSnapshot } from '../../operate/control-request.ts';
import { controlSocketOf } from '../../operate/control-socket.ts';
import { CannotOpen, cannotWrite } from '../cannot-open.ts';
import { openEnvironment } from './environment.ts';
import { lockFolder } from './folder-lock.ts';
import { decodeRoom, encodeRoom } from './layout.ts';
import { migrate } from './schema.ts';
import { writeSnapshot } from './snapshot.ts';
import { openStore, prepareFolder, STORE, type Trees } from './trees.ts';

const PART = '.part';
/**
 * How many positions a restored room skips. Clients may have seen entries appended after the backup, and their positions must never
 * be used again. No room gets this many entries between a backup and a restore, and two million restores fit below 2^53.
 */
const RESTORED_GAP = 2 ** 32;

/**
 * Copies a consistent snapshot of a data folder to a new file: everything acknowledged before the call is in it. If a server is
 * using the folder, the server makes the snapshot. The file gets its name only once it is complete and on disk.
 * @returns how many rooms are in it
 * @throws CannotOpen when the folder holds no rooms, or is in use by a process that makes no snapshot; when the server can't make it;
 * or when the file exists or can't be written
 */
export async function backupFolder(folder: string, file: string): Promise<number> {
  if (!existsSync(join(folder, STORE)))
    throw new CannotOpen('unusable', `${folder} holds no rooms: name the server's data folder with --data`);
  if (existsSync(file)) throw new CannotOpen('unusable', `${file} exists: choose another file`);
  if (!isFolder(dirname(resolve(file))))
    throw new CannotOpen('unusable', `can't write ${file}: its folder does not exist`);
  const part = `${file}${PART}`;
  try {
    await rm(part, { force: true });
    const served = await requestSnapshot(folder, (made) => copyFile(made, part, constants.COPYFILE_FICLONE));
    if (!served) await copyUnserved(folder, part);
    return await finish(part, file, () => undefined);
  } catch (cause) {
    await rm(part, { force: true });
    throw cannotWrite(file, cause);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Holds the lock of the folder, so that no server starts meanwhile. @throws CannotOpen */
async function copyUnserved(folder: string, file: string): Promise<void> {
  const path = realpathSync(folder);
  const lock = await lockFolder(path).catch((cause: unknown) => {
    if (!(cause instanceof CannotOpen) || cause.reason !== 'in use') throw cause;
    throw new CannotOpen(
      'in use',
      `${cause.message}, and no server answers at ${controlSocketOf(folder)}: if the process is a server, restart it or stop it; otherwise wait until it has ended`,
      { cause },
    );
  });
  try {
    const source = openEnvironment(join(path, STORE));
    try {
      await writeSnapshot(source, file);
    } finally {
      await source.close();
    }
  } finally {
    await lock.release();
  }
}

/**
 * Restores a backup into a folder that holds no rooms. New entries continue after the highest position issued since the backup.
 * @returns how many rooms are in it
 * @throws CannotOpen when the file is not a backup, or the folder holds rooms, is in use or can't be written
 */
export async function restoreFolder(file: string, folder: string): Promise<number> {
  if (!existsSync(file)) throw new CannotOpen('unusable', `${file} does not exist`);
  if (!statSync(file).isFile())
    throw new CannotOpen('unusable', `${file} is not a file: name the file that gochat backup wrote`);
  const path = prepareFolder(folder);
  const lock = await lockFolder(path);
  try {
    const store = join(path, STORE);
    if (existsSync(store))
      throw new CannotOpen(
        'unusable',
        `${folder} already holds rooms: move them away, or choose another folder`,
      );
    const part = `${store}${PART}`;
    await copyFile(file, part, constants.COPYFILE_FICLONE);
    try {
      return await finish(part, store, leaveGap);
    } catch (cause) {
      if (!(cause instanceof CannotOpen) || cause.reason !== 'damaged') throw cause;
      throw new CannotOpen(
        'damaged',
        `${file} is damaged or not a backup of a server: nothing was restored`,
        {
          cause,
        },
      );
    }
  } finally {
    await lock.release();
  }
}

/** Checks a finished copy, makes it durable, and renames it. @returns how many rooms are in it */
async function finish(part: string, file: string, change: (trees: Trees) => void): Promise<number> {
  try {
    const rooms = await inspect(part, change);
    await sync(part, 'r+');
    await rename(part, file);
    await sync(dirname(resolve(file)), 'r');
    return rooms;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await rm(`${part}-lock`, { force: true });
  }
}

async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags);
  try {
    if (flags === 'r+') await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function leaveGap({ root, rooms }: Trees): void {
  root.transactionSync(() => {
    for (const { key, value } of [...rooms.getRange()]) {
      const record = decodeRoom(value);
      void rooms.put(key, encodeRoom({ ...record, lowestNext: record.pos + RESTORED_GAP }));
    }
  });
}

/** @throws CannotOpen when the file is not a store of rooms, or a newer version wrote it */
async function inspect(file: string, change: (trees: Trees) => void): Promise<number> {
  const trees = openStore(file);
  try {
    if (migrate(trees) === undefined) throw new CannotOpen('damaged', `${file} is not a backup of a server`);
    change(trees);
    return trees.rooms.getKeysCount();
  } finally {
    await trees.root.close();
  }
}
