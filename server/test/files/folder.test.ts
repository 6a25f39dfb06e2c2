import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readdir, rm, statfs, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StoreFull } from '../../src/files/file-store.ts';
import { FolderFiles } from '../../src/files/folder.ts';
import { filePath } from '../../src/files/names.ts';
import { bodyOf, bytesOf, describedAs, MIB, newFileName, storeContract, walked } from './store-contract.ts';

storeContract({
  name: 'the folder engine',
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'gochat-files-'));
    return {
      nodes: [await FolderFiles.open({ folder }), await FolderFiles.open({ folder })],
      close: () => rm(folder, { recursive: true }),
    };
  },
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-files-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('two nodes that store the same chunk at once keep the first, whole', async () => {
  const folder = await newFolder();
  const nodes = [await FolderFiles.open({ folder }), await FolderFiles.open({ folder })] as const;
  for (let round = 0; round < 5; round++) {
    const file = newFileName();
    await nodes[0].begin(file, describedAs(MIB));
    const bodies = [randomBytes(50_000), randomBytes(50_000)] as const;
    const outcomes = await Promise.all(
      nodes.map((node, i) => node.put(file, 0, bodyOf(bodies[i] as Buffer, 1000))),
    );
    expect(outcomes.sort()).toEqual(['stored', 'there']);
    const found = await bytesOf(nodes[0], file, 0);
    expect(bodies.some((bytes) => found?.equals(bytes))).toBe(true);
    expect(await readdir(join(folder, ...filePath(file)))).toHaveLength(2);
  }
});

test('a file that is dropped while a chunk of it arrives stays dropped', async () => {
  const folder = await newFolder();
  const store = await FolderFiles.open({ folder });
  const file = newFileName();
  await store.begin(file, describedAs(MIB));
  const outcome = await store.put(file, 0, async () => ({
    bytes: 10,
    parts: (async function* () {
      yield randomBytes(5);
      await store.drop(file);
      yield randomBytes(5);
    })(),
  }));
  expect(outcome).toBe('gone');
  expect(await store.have(file)).toBeUndefined();
  expect(await walked(store)).toEqual([]);
});

test('a walk deletes what a killed process left behind an hour ago', async () => {
  const folder = await newFolder();
  const store = await FolderFiles.open({ folder });
  const [file, undescribed] = [newFileName(), newFileName()];
  for (const each of [file, undescribed]) await store.begin(each, describedAs(MIB));
  await store.put(file, 0, bodyOf(randomBytes(10)));
  const path = join(folder, ...filePath(file));
  const other = join(folder, ...filePath(undescribed));
  await writeFile(join(path, '1.abc.part'), 'half');
  await writeFile(join(path, '2.abc.part'), 'half, and new');
  await rm(join(other, 'about'));
  expect(await walked(store)).toHaveLength(1);
  expect((await readdir(path)).sort()).toEqual(['0', '1.abc.part', '2.abc.part', 'about']);
  const before = new Date(Date.now() - 2 * 3600_000);
  for (const old of [join(path, '1.abc.part'), path, other]) await utimes(old, before, before);
  expect(await walked(store)).toHaveLength(1);
  expect((await readdir(path)).sort()).toEqual(['0', '2.abc.part', 'about']);
  await expect(readdir(other)).rejects.toThrow('ENOENT');
});

test.each(['', '{"v":1,"byt', '{"v":1,"bytes":"x"}'])(
  'a description that a power cut has damaged (%j) is as good as none, and hides no other file',
  async (text) => {
    const folder = await newFolder();
    const store = await FolderFiles.open({ folder });
    const [file, other] = [newFileName(), newFileName()];
    for (const each of [file, other]) await store.begin(each, describedAs(MIB));
    await writeFile(join(folder, ...filePath(file), 'about'), text);
    expect((await walked(store)).map(({ id }) => id)).toEqual([other.id]);
    expect(await store.have(file)).toBeUndefined();
    expect(await store.begin(file, describedAs(5))).toEqual({ description: describedAs(5), isNew: true });
    expect(await store.put(file, 0, bodyOf(randomBytes(10)))).toBe('stored');
    expect(await walked(store)).toHaveLength(2);
  },
);

test('what must stay free on the disk stays free', async () => {
  const folder = await newFolder();
  const store = await FolderFiles.open({ folder, spareBytes: 2 ** 52 });
  await expect(store.begin(newFileName(), describedAs(MIB))).rejects.toBeInstanceOf(StoreFull);
  expect(await walked(store)).toEqual([]);
});

test('chunks that arrive at the same time do not take the same space', async () => {
  const folder = await newFolder();
  const store = await FolderFiles.open({ folder, spareBytes: 1 });
  const { bavail, bsize } = await statfs(folder);
  const bytes = Math.floor(bavail * bsize * 0.6);
  const file = newFileName();
  await store.begin(file, describedAs(2 * MIB));
  const steps = new EventEmitter();
  const began = once(steps, 'began');
  const first = store.put(file, 0, async () => ({
    bytes,
    parts: (async function* () {
      steps.emit('began');
      await once(steps, 'end');
      yield randomBytes(10);
    })(),
  }));
  await began;
  const next = async () => ({ bytes, parts: (await bodyOf(randomBytes(10))()).parts });
  await expect(store.put(file, 1, next)).rejects.toBeInstanceOf(StoreFull);
  steps.emit('end');
  expect(await first).toBe('stored');
  expect(await store.put(file, 1, next)).toBe('stored');
});

test('names of rooms that differ only by case are different folders on every file system', () => {
  const path = (id: string) =>
    filePath({ room: id as never, id: id as never })
      .join('/')
      .toLowerCase();
  expect(path('AbcdefghijklmnopqrstuA')).not.toBe(path('aBcdefghijklmnopqrstuA'));
});
