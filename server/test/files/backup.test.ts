import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  backupFiles,
  checkBackupFiles,
  checkRestoreFiles,
  copyFiles,
  restoreFiles,
} from '../../src/files/backup.ts';
import type { FileName, FileStore } from '../../src/files/file-store.ts';
import { FolderFiles } from '../../src/files/folder.ts';
import { filePath } from '../../src/files/names.ts';
import { bodyOf, bytesOf, describedAs, MIB, newFileName, walked } from './store-contract.ts';

async function home(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-files-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

interface Stored {
  readonly file: FileName;
  readonly chunks: readonly Buffer[];
}

/** A file of two chunks. @param left how many of them are stored */
async function store(into: FileStore, left = 2): Promise<Stored> {
  const file = newFileName();
  const chunks = [randomBytes(1000), randomBytes(500)].slice(0, left);
  await into.begin(file, describedAs(MIB + 64 * 1024));
  for (const [at, bytes] of chunks.entries()) await into.put(file, at, bodyOf(bytes));
  return { file, chunks };
}

async function expectSame(in_: FileStore, stored: readonly Stored[]): Promise<void> {
  expect(await walked(in_)).toHaveLength(stored.length);
  for (const { file, chunks } of stored)
    for (const [at, bytes] of chunks.entries()) expect(await bytesOf(in_, file, at)).toEqual(bytes);
}

test('a backup has all files, takes no space on the same disk, and restores into another folder', async () => {
  const at = await home();
  const [from, file, to] = [join(at, 'files'), join(at, 'rooms'), join(at, 'other', 'files')];
  const source = await FolderFiles.open({ folder: from });
  const stored = [await store(source), await store(source), await store(source, 1)];
  expect(await backupFiles(from, file)).toEqual({ files: 3, incomplete: 1 });
  const path = filePath(stored[0]?.file as FileName);
  const inodes = await Promise.all(
    [from, `${file}.files`].map(async (root) => (await stat(join(root, ...path, '0'))).ino),
  );
  expect(inodes[0]).toBe(inodes[1]);
  // The backup keeps what the server deletes afterwards.
  await source.drop(stored[1]?.file as FileName);
  await mkdir(join(at, 'other'));
  expect(await restoreFiles(file, to)).toEqual({ files: 3, incomplete: 1 });
  await expectSame(await FolderFiles.open({ folder: to }), stored);
  expect((await readdir(at)).sort()).toEqual(['files', 'other', 'rooms.files']);
});

test('nothing is overwritten, and a backup without files says so', async () => {
  const at = await home();
  const [from, file] = [join(at, 'files'), join(at, 'rooms')];
  expect(await backupFiles(from, file)).toBeUndefined();
  expect(await restoreFiles(file, from)).toBeUndefined();
  await store(await FolderFiles.open({ folder: from }));
  await backupFiles(from, file);
  await expect(backupFiles(from, file)).rejects.toThrow('rooms.files exists');
  await expect(restoreFiles(file, from)).rejects.toThrow('already holds files');
  await expect(checkBackupFiles(undefined, file)).rejects.toThrow('rooms.files exists');
  await expect(checkBackupFiles(join(at, 'nowhere'), join(at, 'new'))).rejects.toThrow(
    'is not a folder of files',
  );
  await expect(checkRestoreFiles(from)).rejects.toThrow('already holds files');
  await expect(checkRestoreFiles(file)).resolves.toBeUndefined();
  await writeFile(join(at, 'taken'), '');
  await expect(checkRestoreFiles(join(at, 'taken'))).rejects.toThrow('is not a folder');
  await expect(backupFiles(from, join(at, 'taken', 'rooms'))).rejects.toThrow("can't write");
});

test('files are copied to another store, again without what is there', async () => {
  const at = await home();
  const from = await FolderFiles.open({ folder: join(at, 'a') });
  const to = await FolderFiles.open({ folder: join(at, 'b') });
  const stored = [await store(from), await store(from, 1)];
  expect(await copyFiles(from, to)).toEqual({ files: 2, incomplete: 1 });
  stored.push(await store(from));
  expect(await copyFiles(from, to)).toEqual({ files: 3, incomplete: 1 });
  await expectSame(to, stored);
});
