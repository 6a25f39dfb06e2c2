import { openVault } from '@gochat/crypto/vault';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { CacheBound } from '../../src/files/cache-bound.ts';
import type { CacheId, FileCache } from '../../src/files/file-cache.ts';
import { FilePlace } from '../../src/files/file-place.ts';
import { ProfileFiles } from '../../src/files/profile-files.ts';
import { fetchedId, ownId, RoomsCache } from '../../src/files/rooms-cache.ts';
import { platform } from '../../src/profile/platform.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { Records } from '../../src/store/records.ts';
import { FakeClock } from '../fake-clock.ts';
import { SmallCache } from './small-cache.ts';

const MOST = 1000;
const id = (letter: string) => letter.padEnd(22, 'A') as CacheId;

/** A file of so many bytes, younger than those before. File systems round times, so it waits until the clock of the disk has gone on. */
async function put(cache: FileCache, file: CacheId, bytes: number): Promise<void> {
  const youngest = Math.max(0, ...(await cache.list()).map(({ at }) => at));
  do await cache.put(file, 0, new Uint8Array(bytes), false);
  while ((await cache.list()).find((one) => one.id === file)?.at === youngest);
}

async function left(cache: FileCache): Promise<readonly string[]> {
  return (await cache.list()).map((file) => file.id).sort();
}

test('a cache that is too large loses its oldest files, until a tenth of it is free', async () => {
  const cache = new SmallCache(MOST);
  const bound = new CacheBound(cache, async () => new Set());
  for (const letter of ['a', 'b', 'c', 'd', 'e']) await put(cache, id(letter), 200);
  await bound.grown(undefined);
  expect(await left(cache)).toHaveLength(5);
  await put(cache, id('f'), 1);
  await bound.grown(1, id('f'));
  // Without the oldest, 801 are left of 1,000.
  expect(await left(cache)).toEqual(['b', 'c', 'd', 'e', 'f'].map(id));
});

test('neither what waits to be sent is dropped, nor the file that is being fetched, however old and large', async () => {
  const cache = new SmallCache(MOST);
  const bound = new CacheBound(cache, async () => new Set([id('a')]));
  await put(cache, id('a'), 2 * MOST);
  await put(cache, id('b'), MOST);
  for (const letter of ['c', 'd']) await put(cache, id(letter), 100);
  await bound.grown(undefined, id('b'));
  expect(await left(cache)).toEqual(['a', 'b'].map(id));
});

test('files that wait to be sent stay in a profile whose cache is full, and are cache once they are sent', async () => {
  const cache = new SmallCache(MOST);
  const records = new Records(new MemoryStore(), openVault(new Uint8Array(32)), platform);
  const room = 'R'.padEnd(22, 'A') as RoomId;
  const place = new FilePlace(
    async () => cache,
    () => Promise.reject(new Error('nothing is asked of a server')),
  );
  const parts = { records, place, clock: new FakeClock(), rooms: () => [room], emit: () => undefined };
  const files = await ProfileFiles.open(parts);
  const [own, fetched] = [id('o') as string as FileId, { id: id('f') as string as FileId, hash: 'h' }];
  await files.spool(room, [{ id: own, discard: 's'.padEnd(22, 'A') }]);
  await new RoomsCache(cache).putOwn(room, own, 0, new Uint8Array(2 * MOST));
  await put(cache, await fetchedId(room, fetched), 500);
  await files.spooled(room, [own]);
  expect(await left(cache)).toEqual([await ownId(room, own)]);
  // What of it is in the log needs no job any more.
  await records.write([{ place: { of: 'file-job', room, id: own }, value: undefined }]);
  await put(cache, await fetchedId(room, fetched), 500);
  await files.spooled(room, []);
  expect(await left(cache)).toEqual([await fetchedId(room, fetched)]);
});
