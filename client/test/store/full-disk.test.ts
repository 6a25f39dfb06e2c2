import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '@gochat/e2e/internal/faults/small-disk';
import { expect, test } from 'vitest';
import { openEnvironment } from '../../src/store/environment.ts';
import { LmdbStore } from '../../src/store/lmdb.ts';

const key = Uint8Array.of(1);
const records = (bytes: number) => [{ key, value: new Uint8Array(bytes) }];

// An error that nobody handles fails the run, as it would end a client.
test('a write that finds the disk full rejects, once, and the record keeps its value', async ({ skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'gochat-full-'));
  const disk = await SmallDisk.mount(folder);
  if (disk === undefined) skip('only root can mount a small disk');
  const environment = openEnvironment(folder);
  const store = new LmdbStore(environment);
  await store.write(records(3));
  expect(disk?.fill()).toBe(true);
  await expect(store.write(records(5_000_000))).rejects.toThrow('the profile could not be written');
  expect(await store.get(key)).toEqual(new Uint8Array(3));
  disk?.empty();
  await store.write(records(5));
  expect(await store.get(key)).toEqual(new Uint8Array(5));
  await store.close();
  await environment.close();
  disk?.unmount();
  rmSync(folder, { recursive: true, force: true });
});
