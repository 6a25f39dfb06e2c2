import { expect, test } from 'vitest';
import { KEY_BYTES, type Store, StoreClosed } from '../../src/store/store.ts';

/** What every engine promises. `open` gives an empty store. */
export function storeContract(engine: string, open: () => Promise<Store>): void {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const put = (key: Uint8Array, value: Uint8Array | undefined = key) => ({ key, value });
  const keys = async (store: Store, ...args: Parameters<Store['list']>) =>
    (await store.list(...args)).map(({ key }) => [...key]);

  test(`${engine}: gives back what was written, and nothing for what was not`, async () => {
    const store = await open();
    await store.write([put(bytes(1), bytes(7, 8)), put(bytes(2), bytes())]);
    expect(await store.get(bytes(1))).toEqual(bytes(7, 8));
    expect(await store.get(bytes(2))).toEqual(bytes());
    expect(await store.get(bytes(3))).toBeUndefined();
  });

  test(`${engine}: replaces, removes, and takes the last change of a key`, async () => {
    const store = await open();
    await store.write([put(bytes(1), bytes(1)), put(bytes(1), bytes(2)), put(bytes(2))]);
    expect(await store.get(bytes(1))).toEqual(bytes(2));
    await store.write([put(bytes(1), bytes(3)), { key: bytes(2), value: undefined }]);
    expect(await store.get(bytes(1))).toEqual(bytes(3));
    expect(await store.get(bytes(2))).toBeUndefined();
    await store.write([{ key: bytes(2), value: undefined }]);
    await store.write([]);
    expect(await keys(store, bytes())).toEqual([[1]]);
  });

  test(`${engine}: writes nothing of a write that has a bad key`, async () => {
    const store = await open();
    const bad = [bytes(), new Uint8Array(KEY_BYTES + 1)];
    for (const key of bad) await expect(store.write([put(bytes(1)), put(key)])).rejects.toThrow(RangeError);
    expect(await keys(store, bytes())).toEqual([]);
    const longest = new Uint8Array(KEY_BYTES).fill(255);
    await store.write([put(longest)]);
    expect(await store.get(longest)).toEqual(longest);
    await expect(store.get(bytes())).rejects.toThrow(RangeError);
  });

  test(`${engine}: shares no bytes with its callers`, async () => {
    const store = await open();
    const key = bytes(1);
    const value = bytes(1);
    const writing = store.write([{ key, value }]);
    key[0] = 9;
    value[0] = 9;
    await writing;
    const got = await store.get(bytes(1));
    expect(got).toEqual(bytes(1));
    got?.fill(5);
    const [listed] = await store.list(bytes());
    expect(listed).toEqual({ key: bytes(1), value: bytes(1) });
    listed?.key.fill(5);
    expect(await store.get(bytes(1))).toEqual(bytes(1));
  });

  test(`${engine}: lists a prefix in byte order`, async () => {
    const store = await open();
    await store.write(
      [[2], [1, 255], [1], [1, 0], [1, 0, 0], [0, 9], [1, 127], [1, 128], [255], [255, 255], [0]].map((k) =>
        put(bytes(...k)),
      ),
    );
    const ones = [[1], [1, 0], [1, 0, 0], [1, 127], [1, 128], [1, 255]];
    expect(await keys(store, bytes(1))).toEqual(ones);
    expect(await keys(store, bytes(1), { reverse: true })).toEqual(ones.toReversed());
    expect(await keys(store, bytes(255))).toEqual([[255], [255, 255]]);
    expect(await keys(store, bytes(255), { reverse: true })).toEqual([[255, 255], [255]]);
    expect(await keys(store, bytes(3))).toEqual([]);
    expect(await keys(store, bytes(3), { reverse: true })).toEqual([]);
    const all = [[0], [0, 9], ...ones, [2], [255], [255, 255]];
    expect(await keys(store, bytes())).toEqual(all);
    expect(await keys(store, bytes(), { reverse: true })).toEqual(all.toReversed());
    expect((await store.list(bytes(2)))[0]?.value).toEqual(bytes(2));
  });

  test(`${engine}: continues after a key, up to a limit`, async () => {
    const store = await open();
    await store.write([[0], [1], [1, 1], [1, 2], [1, 3], [2]].map((k) => put(bytes(...k))));
    const list = (options: Parameters<Store['list']>[1]) => keys(store, bytes(1), options);
    expect(await list({ after: bytes(1, 1) })).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(await list({ after: bytes(1) })).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
    expect(await list({ after: bytes(1, 1, 5), limit: 1 })).toEqual([[1, 2]]);
    expect(await list({ after: bytes(0) })).toEqual([[1], [1, 1], [1, 2], [1, 3]]);
    expect(await list({ after: bytes(1, 3) })).toEqual([]);
    expect(await list({ after: bytes(3) })).toEqual([]);
    expect(await list({ limit: 0 })).toEqual([]);
    expect(await list({ limit: 2 })).toEqual([[1], [1, 1]]);
    expect(await list({ reverse: true, limit: 2 })).toEqual([
      [1, 3],
      [1, 2],
    ]);
    expect(await list({ reverse: true, after: bytes(1, 2) })).toEqual([[1, 1], [1]]);
    expect(await list({ reverse: true, after: bytes(1, 2, 9), limit: 1 })).toEqual([[1, 2]]);
    expect(await list({ reverse: true, after: bytes(3) })).toEqual([[1, 3], [1, 2], [1, 1], [1]]);
    expect(await list({ reverse: true, after: bytes(1) })).toEqual([]);
    expect(await list({ reverse: true, after: bytes(0) })).toEqual([]);
  });

  test(`${engine}: takes many writes at once, and large ones`, async () => {
    const store = await open();
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => store.write([put(bytes(1, n)), put(bytes(2), bytes(n))])),
    );
    expect(await keys(store, bytes(1))).toHaveLength(200);
    expect(await store.get(bytes(2))).toEqual(bytes(199));
    const large = new Uint8Array(5_000_000).map((_, at) => at % 251);
    await store.write([put(bytes(3), large), put(bytes(4), large)]);
    const got = await store.get(bytes(4));
    expect(got !== undefined && Buffer.compare(got, large)).toBe(0);
  });

  test(`${engine}: finishes what was begun when it is closed, and takes nothing after`, async () => {
    const store = await open();
    const writing = store.write([put(bytes(1))]);
    await store.close();
    await expect(writing).resolves.toBeUndefined();
    await expect(store.get(bytes(1))).rejects.toThrow(StoreClosed);
    await expect(store.write([])).rejects.toThrow(StoreClosed);
    await expect(store.list(bytes())).rejects.toThrow(StoreClosed);
    await store.close();
  });
}
