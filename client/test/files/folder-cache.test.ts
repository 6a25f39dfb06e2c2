import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CacheId } from '../../src/files/file-cache.ts';
import { FolderCache } from '../../src/files/folder-cache.ts';
import { temporaryFolder } from '../folder.ts';
import { cacheContract } from './contract.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA' as CacheId;
const NAME = '0'.repeat(32);

cacheContract('folder', async () => {
  const dir = temporaryFolder();
  return { cache: new FolderCache(dir), again: async () => new FolderCache(dir) };
});

test('only the user can read it, and no draft is left', async () => {
  const dir = temporaryFolder();
  await new FolderCache(dir).put(ID, 0, Uint8Array.of(1), true);
  const mode = (...path: string[]) => statSync(join(dir, 'files', ...path)).mode & 0o777;
  expect([mode(), mode(NAME), mode(NAME, '0')]).toEqual([0o700, 0o700, 0o600]);
  expect(readdirSync(join(dir, 'files', NAME))).toEqual(['0']);
});

test('a draft of a process that was killed is no chunk, and is dropped with its file', async () => {
  const dir = temporaryFolder();
  const cache = new FolderCache(dir);
  await cache.put(ID, 1, Uint8Array.of(1), true);
  writeFileSync(join(dir, 'files', NAME, 'new-x'), 'half');
  expect(await cache.have(ID)).toEqual([1]);
  expect(await cache.list()).toMatchObject([{ bytes: 5 }]);
  await cache.drop(ID);
  expect(readdirSync(join(dir, 'files'))).toEqual([]);
});

test('a link out of the profile is not followed', async () => {
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'elsewhere'));
  symlinkSync('elsewhere', join(dir, 'files'));
  await expect(new FolderCache(dir).put(ID, 0, Uint8Array.of(1), true)).rejects.toMatchObject({
    data: { reason: 'profile-link' },
  });
});
