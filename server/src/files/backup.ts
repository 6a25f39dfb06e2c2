import { constants, existsSync, statSync } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { chunksOf } from '@gochat/protocol/file-chunks';
import { CannotOpen, cannotWrite } from '../log/cannot-open.ts';
import type { FileStore, StoredFile } from './file-store.ts';
import { FolderFiles } from './folder.ts';
import { DESCRIPTION, filePath } from './names.ts';

export interface FilesReport {
  readonly files: number;
  /** How many of them have not all their chunks. */
  readonly incomplete: number;
}

/** The name of the backup of files beside that of the rooms. */
export function filesBackupOf(file: string): string {
  return `${file}.files`;
}

/**
 * Copies a folder of files to a new folder beside the backup of the rooms, after that was made: then it has the files of all messages in it.
 * On the same disk the copies are links, which take no space. A server may use the folder meanwhile.
 * @param from the folder where a server stores files. @param file the backup of the rooms
 * @returns undefined when there are no files
 * @throws CannotOpen when the copy can't be written
 */
export async function backupFiles(from: string, file: string): Promise<FilesReport | undefined> {
  if (!existsSync(from) || (await readdir(from)).length === 0) return undefined;
  const to = filesBackupOf(file);
  if (existsSync(to)) throw new CannotOpen('unusable', `${to} exists: choose another file`);
  return replicate(from, to);
}

/**
 * Checks before the rooms are backed up what {@link backupFiles} would find, so that a backup is made of both or of none.
 * @param from the folder that was named, or undefined for the usual one, which needn't be there
 * @throws CannotOpen
 */
export async function checkBackupFiles(from: string | undefined, file: string): Promise<void> {
  if (from !== undefined && !isFolder(from))
    throw new CannotOpen(
      'unusable',
      `${from} is not a folder of files: name with --files where the server stores them`,
    );
  const to = filesBackupOf(file);
  if (existsSync(to)) throw new CannotOpen('unusable', `${to} exists: choose another file`);
}

/** Checks before the rooms are restored that {@link restoreFiles} may write. @throws CannotOpen */
export async function checkRestoreFiles(to: string): Promise<void> {
  if (!existsSync(to)) return;
  if (!isFolder(to))
    throw new CannotOpen('unusable', `${to} is not a folder: choose another one with --files`);
  if ((await readdir(to)).length > 0)
    throw new CannotOpen('unusable', `${to} already holds files: move them away, or choose another folder`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Copies the files of a backup into a folder without files.
 * @returns undefined when the backup has none
 * @throws CannotOpen when the folder has files already, or can't be written
 */
export async function restoreFiles(file: string, to: string): Promise<FilesReport | undefined> {
  const from = filesBackupOf(file);
  if (!existsSync(from)) return undefined;
  await checkRestoreFiles(to);
  await rm(to, { recursive: true, force: true });
  return replicate(from, to);
}

/** The copy gets its name only once it is complete and on disk. */
async function replicate(from: string, to: string): Promise<FilesReport> {
  const part = `${to}.part`;
  try {
    await rm(part, { recursive: true, force: true });
    const report = await copyFolder(from, part);
    await rename(part, to);
    await sync(dirname(resolve(to)));
    return report;
  } catch (cause) {
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
    throw cannotWrite(to, cause);
  }
}

async function copyFolder(from: string, to: string): Promise<FilesReport> {
  const store = await FolderFiles.open({ folder: from });
  const report = { files: 0, incomplete: 0 };
  const folders = new Set([to]);
  await mkdir(to, { recursive: true, mode: 0o700 });
  for await (const file of store.walk()) {
    const path = filePath(file);
    await mkdir(join(to, ...path), { recursive: true, mode: 0o700 });
    for (let depth = 1; depth < path.length; depth++) folders.add(join(to, ...path.slice(0, depth)));
    if (await copyOne(join(from, ...path), join(to, ...path), file)) count(report, file);
    else await rm(join(to, ...path), { recursive: true });
  }
  for (const folder of folders) await sync(folder);
  return report;
}

/** @returns false when the file was deleted meanwhile */
async function copyOne(from: string, to: string, { chunks }: StoredFile): Promise<boolean> {
  try {
    for (const name of [...chunks.map(String), DESCRIPTION])
      await linkOrCopy(join(from, name), join(to, name));
    await sync(to);
    return true;
  } catch (error) {
    if (!existsSync(join(from, DESCRIPTION))) return false;
    throw error;
  }
}

/** What is stored never changes, so both names may be of the same bytes. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // On another disk, or where there are no links.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await sync(to);
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Copies all files of one store into another. It can be interrupted: what is there already is not copied again.
 * @throws StoreFull
 */
export async function copyFiles(from: FileStore, to: FileStore): Promise<FilesReport> {
  const report = { files: 0, incomplete: 0 };
  for await (const file of from.walk()) {
    await to.begin(file, file.description);
    for (const chunk of file.chunks) await copyChunk(from, to, file, chunk);
    count(report, file);
  }
  return report;
}

async function copyChunk(from: FileStore, to: FileStore, file: StoredFile, chunk: number): Promise<void> {
  const found = await from.get(file, chunk);
  if (found === undefined) return;
  try {
    await to.put(file, chunk, async () => found);
  } finally {
    await found.close();
  }
}

function count(report: { files: number; incomplete: number }, { description, chunks }: StoredFile): void {
  report.files += 1;
  if (chunks.length < chunksOf(description.bytes)) report.incomplete += 1;
}
