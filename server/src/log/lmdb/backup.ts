import { constants, existsSync } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CannotOpen } from '../cannot-open.ts';
import { openEnvironment } from './environment.ts';
import { lockFolder } from './folder-lock.ts';
import { decodeRoom, encodeRoom } from './layout.ts';
import { migrate } from './schema.ts';
import { openStore, prepareFolder, STORE, type Trees } from './trees.ts';

const PART = '.part';
/**
 * A restored room goes on so much further: what was appended after the backup was seen by clients at positions that are never used
 * again. More than anybody can have been ahead, and two million restores fit below 2^53.
 */
const RESTORED_GAP = 2 ** 32;

/**
 * Copies the store of a data folder to a file that doesn't exist yet, as it is at one moment: all that was acknowledged before the
 * call is in it. A server may be using the folder. The file has its name only once it is whole and on disk.
 * @returns how many rooms are in it
 * @throws CannotOpen when there is nothing to copy, or the file exists or can't be written.
 */
export async function backupFolder(folder: string, file: string): Promise<number> {
  const store = join(folder, STORE);
  if (!existsSync(store))
    throw new CannotOpen('unusable', `${folder} holds no rooms: name its folder with --data`);
  if (existsSync(file)) throw new CannotOpen('unusable', `${file} exists already: name another file`);
  if (!existsSync(dirname(resolve(file))))
    throw new CannotOpen('unusable', `can't write ${file}: there is no such folder`);
  const part = `${file}${PART}`;
  const source = openEnvironment(store);
  try {
    await rm(part, { force: true });
    await source.backup(part, true);
    return await settle(part, file, () => undefined);
  } catch (cause) {
    throw cause instanceof CannotOpen ? cause : new CannotOpen('unusable', `can't write ${file}`, { cause });
  } finally {
    await source.close();
  }
}

/**
 * Puts a backup into a folder that holds no rooms. Its rooms go on behind every position that was given out since the backup.
 * @returns how many rooms are in it
 * @throws CannotOpen when the file is no backup, or the folder holds rooms, is in use or can't be written.
 */
export async function restoreFolder(file: string, folder: string): Promise<number> {
  if (!existsSync(file)) throw new CannotOpen('unusable', `there is no ${file}`);
  const path = prepareFolder(folder);
  const lock = await lockFolder(path);
  try {
    const store = join(path, STORE);
    if (existsSync(store))
      throw new CannotOpen(
        'unusable',
        `${folder} holds rooms already: move them away, or name another folder`,
      );
    const part = `${store}${PART}`;
    await copyFile(file, part, constants.COPYFILE_FICLONE);
    try {
      return await settle(part, store, leaveGap);
    } catch (cause) {
      if (!(cause instanceof CannotOpen) || cause.reason !== 'damaged') throw cause;
      throw new CannotOpen('damaged', `${file} is damaged, or no backup of a server: nothing was put back`, {
        cause,
      });
    }
  } finally {
    await lock.release();
  }
}

/** Looks into a finished copy, makes it durable, and gives it its name. @returns how many rooms are in it */
async function settle(part: string, file: string, change: (trees: Trees) => void): Promise<number> {
  try {
    const rooms = await inspect(part, change);
    await synced(part, 'r+');
    await rename(part, file);
    await synced(dirname(resolve(file)), 'r');
    return rooms;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    await rm(`${part}-lock`, { force: true });
  }
}

async function synced(path: string, flags: 'r' | 'r+'): Promise<void> {
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
      void rooms.put(key, encodeRoom({ ...record, least: record.pos + RESTORED_GAP }));
    }
  });
}

/** @throws CannotOpen when it isn't such a store, or one of a newer version. */
async function inspect(file: string, change: (trees: Trees) => void): Promise<number> {
  const trees = openStore(file);
  try {
    if (migrate(trees) === undefined) throw new CannotOpen('damaged', `${file} holds no rooms of a server`);
    change(trees);
    return trees.rooms.getKeysCount();
  } finally {
    await trees.root.close();
  }
}
