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

test('a write whose guard throws rejects with that error and writes nothing', async () => {
  const opened = environment();
  let refusal: Error | undefined;
  const store = new LmdbStore(opened, () => {
    if (refusal) throw refusal;
  });
  await store.write([{ key, value: Uint8Array.of(1) }]);
  refusal = new Error('not any more');
  await expect(store.write([{ key, value: Uint8Array.of(2) }])).rejects.toBe(refusal);
  expect(await store.get(key)).toEqual(Uint8Array.of(1));
});

test('work that throws half-way leaves nothing, and its neighbours everything', async () => {
  const { transact, records } = environment();
  const write = (n: number, fails: boolean) =>
    transact(() => {
      void records.put(Uint8Array.of(n), Buffer.of(n));
      if (fails) throw new Error(`no ${n}`);
    });
  const outcomes = await Promise.allSettled([write(1, false), write(2, true), write(3, false)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect([...records.getKeys()].map((found) => found[0])).toEqual([1, 3]);
});

test('migrations run once each, in order, from the version that is there', async () => {
  const opened = environment();
  const ran: number[] = [];
  const steps = [1, 2].map((version) => () => void ran.push(version));
  await migrate(opened, undefined, []);
  await migrate(opened, undefined, steps.slice(0, 1));
  expect(ran).toEqual([1]);
  await migrate(opened, undefined, steps);
  await migrate(opened, undefined, steps);
  expect(ran).toEqual([1, 2]);
});

test('a new environment needs no migration', async () => {
  const ran: number[] = [];
  await migrate(environment(), undefined, [() => void ran.push(1)]);
  expect(ran).toEqual([]);
});

test('a migration that fails changes neither records nor version', async () => {
  const opened = environment();
  await migrate(opened, undefined, []);
  const failing = migrate(opened, undefined, [
    (records) => void records.put(key, Buffer.of(1)),
    () => {
      throw new Error('broken step');
    },
  ]);
  await expect(failing).rejects.toThrow('broken step');
  expect(await new LmdbStore(opened).get(key)).toBeUndefined();
  const ran: number[] = [];
  await migrate(opened, undefined, [() => void ran.push(1)]);
  expect(ran).toEqual([1]);
});

test('an older program leaves a newer profile alone', async () => {
  const opened = environment();
  await migrate(opened, undefined, [() => undefined, () => undefined]);
  await expect(migrate(opened)).rejects.toThrow(ProfileTooNew);
});
