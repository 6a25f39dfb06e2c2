import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '@gochat/e2e/internal/faults/small-disk';
import { expect, onTestFinished, test } from 'vitest';
import { StoreFull } from '../../src/files/file-store.ts';
import { FolderFiles } from '../../src/files/folder.ts';
import { filePath } from '../../src/files/names.ts';
import { chunkBytes } from './chunk-bytes.ts';
import { killedPutter, type StoredChunkName } from './putter-process.ts';
import { bodyOf, bytesOf, describedAs, MIB, newFileName, walked } from './store-contract.ts';

const KILLS = 6;

test('kill -9 while chunks are stored: each that was acknowledged is whole, and no part of another is there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-files-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const stored: StoredChunkName[] = [];
  for (let kill = 0; kill < KILLS; kill++)
    stored.push(...(await killedPutter(folder, 4, (count) => count >= 5 + 7 * kill)));
  const store = await FolderFiles.open({ folder });
  for (const { chunk, ...file } of stored)
    expect((await bytesOf(store, file, chunk))?.equals(chunkBytes(file.id, chunk))).toBe(true);
  const found = await walked(store);
  expect(found.length).toBeGreaterThanOrEqual(new Set(stored.map(({ id }) => id)).size);
  for (const { room, id, chunks } of found)
    for (const chunk of chunks)
      expect((await bytesOf(store, { room, id }, chunk))?.equals(chunkBytes(id, chunk))).toBe(true);
});

test('a disk that fills up loses nothing that was acknowledged, and takes more once there is space', async (context) => {
  const home = await mkdtemp(join(tmpdir(), 'gochat-files-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const disk = await SmallDisk.mount(join(home, 'disk'));
  if (disk === undefined) return context.skip('needs root, to mount a disk');
  onTestFinished(() => disk.unmount());
  const folder = join(home, 'disk/files');
  const store = await FolderFiles.open({ folder, spareBytes: 0 });
  const file = newFileName();
  await store.begin(file, describedAs(100 * MIB));
  const first = randomBytes(MIB);
  await store.put(file, 0, bodyOf(first));
  expect(disk.fill()).toBe(true);
  await expect(store.put(file, 1, bodyOf(randomBytes(MIB)))).rejects.toBeInstanceOf(StoreFull);
  await expect(store.begin(newFileName(), describedAs(MIB))).rejects.toBeInstanceOf(StoreFull);
  expect((await bytesOf(store, file, 0))?.equals(first)).toBe(true);
  expect((await readdir(join(folder, ...filePath(file)))).sort()).toEqual(['0', 'about']);
  disk.empty();
  const second = randomBytes(MIB);
  expect(await store.put(file, 1, bodyOf(second))).toBe('stored');
  expect((await bytesOf(store, file, 1))?.equals(second)).toBe(true);
  expect(await store.have(file)).toMatchObject({ chunks: [0, 1] });
});
