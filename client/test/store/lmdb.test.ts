import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEnvironment } from '../../src/store/environment.ts';
import { LmdbStore } from '../../src/store/lmdb.ts';
import { ProfileTooNew } from '../../src/store/profile-too-new.ts';
import { migrate } from '../../src/store/schema.ts';
import { temporaryFolder } from '../folder.ts';
import { storeContract } from './contract.ts';

function environment(folder = temporaryFolder()) {
  const opened = openEnvironment(folder);
  onTestFinished(() => opened.close());
  return opened;
}

storeContract('lmdb', async () => new LmdbStore(environment()));

const key = Uint8Array.of(1);

test('records outlive the environment', async () => {
  const folder = temporaryFolder();
  const first = openEnvironment(folder);
  await new LmdbStore(first).write([{ key, value: Uint8Array.of(5) }]);
  await first.close();
  expect(await new LmdbStore(environment(folder)).get(key)).toEqual(Uint8Array.of(5));
});

test('only the user may read the files', () => {
  const { dir } = environment();
  for (const file of ['data.mdb', 'lock.mdb']) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
});

test('an environment opened twice in a process is one, and stays until both are closed', async () => {
  const folder = temporaryFolder();
  const first = openEnvironment(folder);
  const second = environment(folder);
  await Promise.all([
    new LmdbStore(first).write([{ key, value: Uint8Array.of(1) }]),
    new LmdbStore(second).write([{ key, value: Uint8Array.of(2) }]),
  ]);
  await first.close();
  await first.close();
  expect(await new LmdbStore(second).get(key)).toEqual(Uint8Array.of(2));
});

test('a write whose claim has ended rejects with its error and writes nothing', async () => {
  const opened = environment();
  const claimed = Buffer.from('held');
  const hold = (held: boolean) =>
    opened.transactNow(
      () => void (held ? opened.meta.put(claimed, Buffer.of()) : opened.meta.remove(claimed)),
    );
  const refusal = new Error('not any more');
  const store = new LmdbStore(opened, { key: claimed, refusal: () => refusal });
  hold(true);
  await store.write([{ key, value: Uint8Array.of(1) }]);
  hold(false);
  await expect(store.write([{ key, value: Uint8Array.of(2) }])).rejects.toBe(refusal);
  await expect(store.write([])).rejects.toBe(refusal);
  expect(await store.get(key)).toEqual(Uint8Array.of(1));
});

test('of the writes of one transaction, those without a claim write nothing, and their neighbours everything', async () => {
  const opened = environment();
  const [held, ended] = [Buffer.from('held'), Buffer.from('ended')];
  opened.transactNow(() => void opened.meta.put(held, Buffer.of()));
  const large = new Uint8Array(5_000_000).fill(3);
  const write = (n: number, claim?: Uint8Array) =>
    opened.write(
      [n, n + 1].map((at) => ({ key: Uint8Array.of(at), value: large })),
      claim,
    );
  expect(
    await Promise.all([write(1, held), write(3, ended), write(5), write(7, ended), write(9, held)]),
  ).toEqual([true, false, true, false, true]);
  expect([...opened.records.getKeys()].map((found) => found[0])).toEqual([1, 2, 5, 6, 9, 10]);
  expect(opened.records.get(Uint8Array.of(10))?.equals(large)).toBe(true);
});

test('a transaction that throws half-way leaves nothing', () => {
  const { transactNow, records } = environment();
  expect(() =>
    transactNow(() => {
      void records.put(key, Buffer.of(1));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect([...records.getKeys()]).toEqual([]);
});

test('migrations run once each, in order, from the version that is there', async () => {
  const opened = environment();
  const ran: number[] = [];
  const steps = [1, 2].map((version) => () => void ran.push(version));
  migrate(opened, undefined, []);
  migrate(opened, undefined, steps.slice(0, 1));
  expect(ran).toEqual([1]);
  migrate(opened, undefined, steps);
  migrate(opened, undefined, steps);
  expect(ran).toEqual([1, 2]);
});

test('a new environment needs no migration', async () => {
  const ran: number[] = [];
  migrate(environment(), undefined, [() => void ran.push(1)]);
  expect(ran).toEqual([]);
});

test('a migration that fails changes neither records nor version', async () => {
  const opened = environment();
  migrate(opened, undefined, []);
  const failing = () =>
    migrate(opened, undefined, [
      (records) => void records.put(key, Buffer.of(1)),
      () => {
        throw new Error('broken step');
      },
    ]);
  expect(failing).toThrow('broken step');
  expect(await new LmdbStore(opened).get(key)).toBeUndefined();
  const ran: number[] = [];
  migrate(opened, undefined, [() => void ran.push(1)]);
  expect(ran).toEqual([1]);
});

test('an older program leaves a newer profile alone', async () => {
  const opened = environment();
  migrate(opened, undefined, [() => undefined, () => undefined]);
  expect(() => migrate(opened)).toThrow(ProfileTooNew);
});
