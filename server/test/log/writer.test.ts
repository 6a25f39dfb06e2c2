import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Environment, openEnvironment } from '../../src/log/lmdb/environment.ts';
import { Writer } from '../../src/log/lmdb/writer.ts';
import { Unavailable } from '../../src/log/log.ts';

let folder: string;
let store: Environment;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gochat-writer-'));
  store = openEnvironment(join(folder, 'store.mdb'));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const put = (key: string) => () => {
  void store.put(Buffer.from(key), Buffer.from(key));
  return { result: key, written: key };
};
const keys = () => [...store.getKeys()].map(String);

test('changes requested together share a transaction and are reported together, in order', async () => {
  const reported: string[][] = [];
  const writer = new Writer<string>(
    store,
    (written) => reported.push([...written]),
    () => {},
  );
  const results = await Promise.all(['one', 'two', 'three'].map((key) => writer.write(0, put(key))));
  expect(results).toEqual(['one', 'two', 'three']);
  expect(reported).toEqual([['one', 'two', 'three']]);
  expect(keys()).toEqual(['one', 'three', 'two']);
});

test('if a change throws, its whole transaction is rolled back and unreported, and the next one works', async () => {
  const reported: string[][] = [];
  const writer = new Writer<string>(
    store,
    (written) => reported.push([...written]),
    () => reported.push(['broken']),
  );
  const cause = new Error('no');
  const failing = () => {
    put('half')();
    throw cause;
  };
  const outcomes = await Promise.allSettled([
    writer.write(0, put('before')),
    writer.write(0, failing),
    writer.write(0, put('after')),
  ]);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'Unavailable', cause } });
  expect(keys()).toEqual([]);
  await writer.write(0, put('next'));
  expect(keys()).toEqual(['next']);
  expect(reported).toEqual([['next']]);
});

test('changes queued before a failure is known fail too, so none overtakes a repeat', async () => {
  const writer = new Writer<string>(
    store,
    () => {},
    () => {},
  );
  const later: Promise<string>[] = [];
  const failing = () => {
    later.push(writer.write(0, put('later')));
    throw new Error('no');
  };
  await expect(writer.write(0, failing)).rejects.toBeInstanceOf(Unavailable);
  await expect(later[0]).rejects.toBeInstanceOf(Unavailable);
  expect(keys()).toEqual([]);
  await writer.write(0, put('after all'));
  expect(keys()).toEqual(['after all']);
});

test('the queue is bounded, and accepted changes are written', async () => {
  const writer = new Writer<string>(
    store,
    () => {},
    () => {},
  );
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => writer.write(10 * 1024 * 1024, put(`key ${i}`))),
  );
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(4);
  for (const outcome of refused) expect(outcome).toMatchObject({ reason: expect.any(Unavailable) });
  expect(keys()).toHaveLength(6);
  await writer.write(10 * 1024 * 1024, put('again'));
});
