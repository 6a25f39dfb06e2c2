import 'fake-indexeddb/auto';
import { deleteDB } from 'idb';
import { expect, onTestFinished, test } from 'vitest';
import type { CacheId } from '../../src/files/file-cache.ts';
import { IndexedDbCache } from '../../src/files/indexed-db-cache.ts';
import { cacheContract } from './contract.ts';

let count = 0;
const ID = 'a'.repeat(22) as CacheId;

function opened(name: string): IndexedDbCache {
  const cache = new IndexedDbCache(name);
  onTestFinished(() => cache.close());
  return cache;
}

cacheContract('indexed-db', async () => {
  const name = `cache-${++count}`;
  return { cache: opened(name), again: async () => opened(name) };
});

test('when the browser clears its data, the cache is empty and works', async () => {
  const cache = opened('cleared');
  await cache.put(ID, 0, Uint8Array.of(1), true);
  await deleteDB('cleared');
  expect(await cache.have(ID)).toEqual([]);
  await cache.put(ID, 0, Uint8Array.of(2), true);
  expect(await cache.get(ID, 0)).toEqual(Uint8Array.of(2));
});
