import { expect, test } from 'vitest';
import type { CacheId, FileCache } from '../../src/files/file-cache.ts';

/** Names of which two differ only by case. */
const id = (letter: string) => letter.padEnd(22, 'A') as CacheId;

/** What every engine promises. `open` gives an empty cache, and the function `again` another view of the same, as a second process has it. */
export function cacheContract(
  engine: string,
  open: () => Promise<{ readonly cache: FileCache; readonly again: () => Promise<FileCache> }>,
): void {
  test(`${engine}: gives back chunks, also to another process, and nothing for what was not put`, async () => {
    const { cache, again } = await open();
    await cache.put(id('a'), 0, Uint8Array.of(1, 2), true);
    await cache.put(id('a'), 11, Uint8Array.of(), false);
    for (const one of [cache, await again()]) {
      expect(await one.get(id('a'), 0)).toEqual(Uint8Array.of(1, 2));
      expect(await one.get(id('a'), 11)).toEqual(Uint8Array.of());
      expect(await one.get(id('a'), 1)).toBeUndefined();
      expect(await one.get(id('b'), 0)).toBeUndefined();
    }
  });

  test(`${engine}: knows the chunks of each file in order`, async () => {
    const { cache } = await open();
    for (const chunk of [10, 2, 0]) await cache.put(id('a'), chunk, Uint8Array.of(chunk), true);
    await cache.put(id('-'), 7, Uint8Array.of(7), true);
    expect(await cache.have(id('a'))).toEqual([0, 2, 10]);
    expect(await cache.have(id('-'))).toEqual([7]);
    expect(await cache.have(id('b'))).toEqual([]);
  });

  test(`${engine}: lists files with their sizes, and those that were put last as the youngest`, async () => {
    const { cache } = await open();
    expect(await cache.list()).toEqual([]);
    const before = Date.now();
    await cache.put(id('a'), 0, new Uint8Array(5), true);
    await cache.put(id('a'), 1, new Uint8Array(7), true);
    await cache.put(id('a'), 1, new Uint8Array(4), true);
    await cache.put(id('b'), 0, new Uint8Array(1), true);
    const listed = [...(await cache.list())].sort((x, y) => x.id.localeCompare(y.id));
    expect(listed).toMatchObject([
      { id: id('a'), bytes: 9 },
      { id: id('b'), bytes: 1 },
    ]);
    // File systems round times.
    for (const { at } of listed) expect(at).toBeGreaterThan(before - 2000);
  });

  test(`${engine}: drops a file with all its chunks, and one that isn't there`, async () => {
    const { cache } = await open();
    await cache.put(id('a'), 0, Uint8Array.of(1), true);
    await cache.put(id('b'), 0, Uint8Array.of(2), true);
    await cache.drop(id('a'));
    await cache.drop(id('c'));
    expect(await cache.have(id('a'))).toEqual([]);
    expect((await cache.list()).map((file) => file.id)).toEqual([id('b')]);
    await cache.put(id('a'), 3, Uint8Array.of(3), true);
    expect(await cache.have(id('a'))).toEqual([3]);
  });

  test(`${engine}: replaces a chunk, keeps its bytes apart from what it gave, and takes many at once`, async () => {
    const { cache } = await open();
    await cache.put(id('a'), 0, Uint8Array.of(1), true);
    await cache.settle(id('a'));
    const got = await cache.get(id('a'), 0);
    got?.fill(8);
    expect(await cache.get(id('a'), 0)).toEqual(Uint8Array.of(1));
    await cache.put(id('a'), 0, Uint8Array.of(2), false);
    expect(await cache.get(id('a'), 0)).toEqual(Uint8Array.of(2));
    const chunks = Array.from({ length: 20 }, (_, i) => i);
    await Promise.all(chunks.map((i) => cache.put(id('d'), i, new Uint8Array(1000).fill(i), true)));
    expect(await cache.have(id('d'))).toEqual(chunks);
    expect((await cache.list()).find((file) => file.id === id('d'))?.bytes).toBe(20_000);
  });

  test(`${engine}: is opened again by a call after it was closed`, async () => {
    const { cache } = await open();
    await cache.put(id('a'), 0, Uint8Array.of(1), true);
    await cache.close();
    expect(await cache.have(id('a'))).toEqual([0]);
    await cache.close();
  });
}
