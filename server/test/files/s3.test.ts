import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { S3Files } from '../../src/files/s3.ts';
import { Unavailable } from '../../src/log/log.ts';
import { startS3 } from './s3-server.ts';
import { bodyOf, bytesOf, describedAs, MIB, newFileName, storeContract, walked } from './store-contract.ts';

storeContract({
  name: 'the S3 engine',
  async open() {
    const { settings, close } = await startS3();
    return { nodes: [new S3Files(settings), new S3Files(settings)], close };
  },
});

let server: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  server = await startS3();
});
afterAll(() => server.close());

test('a file that is dropped while a chunk of it arrives leaves nothing', async () => {
  const store = new S3Files(server.settings);
  const file = newFileName();
  await store.begin(file, describedAs(MIB));
  const outcome = await store.put(file, 0, async () => {
    await store.drop(file);
    return bodyOf(randomBytes(10))();
  });
  expect(outcome).toBe('gone');
  expect(await store.get(file, 0)).toBeUndefined();
  expect(await walked(store)).toEqual([]);
});

test('more objects than one page has are all found', async () => {
  const store = new S3Files({ ...server.settings, prefix: 'many/' }, 7);
  const { room } = newFileName();
  const files = Array.from({ length: 5 }, () => newFileName(room));
  await Promise.all(
    files.map(async (file) => {
      await store.begin(file, describedAs(40 * MIB));
      for (let chunk = 0; chunk < 12; chunk++) await store.put(file, chunk, bodyOf(randomBytes(1)));
    }),
  );
  const found = await walked(store);
  expect(found).toHaveLength(5);
  for (const { chunks, bytes } of found) {
    expect(chunks).toEqual(Array.from({ length: 12 }, (_, chunk) => chunk));
    expect(bytes).toBe(12);
  }
});

test('a server that is away or refuses the key makes it unavailable', async () => {
  const away = new S3Files({ ...server.settings, endpoint: 'http://127.0.0.1:1/rooms' });
  await expect(away.check()).rejects.toBeInstanceOf(Unavailable);
  const refused = new S3Files({ ...server.settings, accessKey: 'wrong' });
  await expect(refused.check()).rejects.toBeInstanceOf(Unavailable);
  const file = newFileName();
  await expect(refused.begin(file, describedAs(MIB))).rejects.toBeInstanceOf(Unavailable);
  expect(await bytesOf(new S3Files(server.settings), file, 0)).toBeUndefined();
});
