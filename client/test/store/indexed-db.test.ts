import 'fake-indexeddb/auto';
import { openOnDevice, sealOnDevice } from '@gochat/crypto/device-seal';
import { deleteDB, openDB } from 'idb';
import { expect, onTestFinished, test } from 'vitest';
import { Fenced } from '../../src/profile/roles.ts';
import { ProfileDatabase } from '../../src/store/indexed-db.ts';
import { storeContract } from './contract.ts';

let count = 0;
const freshName = () => `records-${++count}`;

async function database(name = freshName()): Promise<ProfileDatabase> {
  const opened = await ProfileDatabase.open(name);
  onTestFinished(() => opened.close());
  return opened;
}

async function owned(token: string, name?: string) {
  const opened = await database(name);
  await opened.setOwner(token);
  return { opened, store: opened.records(token) };
}

storeContract('indexed-db', async () => (await owned('me')).store);

const key = Uint8Array.of(1);
const env = { random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };

test('records outlive the tab', async () => {
  const name = freshName();
  const { opened, store } = await owned('first', name);
  await store.write([{ key, value: Uint8Array.of(5) }]);
  opened.close();
  expect(await (await owned('second', name)).store.get(key)).toEqual(Uint8Array.of(5));
});

test('of a tab that was passed over nothing is written any more', async () => {
  const name = freshName();
  const old = await owned('old', name);
  await old.store.write([{ key, value: Uint8Array.of(1) }]);
  const next = await owned('next', name);
  await expect(old.store.write([{ key, value: Uint8Array.of(2) }])).rejects.toThrow(Fenced);
  await expect(old.opened.keepSeal('old', await sealOnDevice(key, env))).rejects.toThrow(Fenced);
  expect(await next.store.get(key)).toEqual(Uint8Array.of(1));
  expect(await next.opened.seal()).toBeUndefined();
  expect(await old.opened.owner()).toBe('next');
});

test('writes of two tabs at the same moment are one before the other', async () => {
  const name = freshName();
  const old = await owned('old', name);
  const next = await database(name);
  const outcomes = await Promise.allSettled([
    old.store.write([{ key, value: Uint8Array.of(1) }]),
    next.setOwner('next'),
    old.store.write([{ key, value: Uint8Array.of(2) }]),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(await next.records('next').get(key)).toEqual(Uint8Array.of(1));
});

test("a profile's sealed key is kept with its device key", async () => {
  const name = freshName();
  const { opened } = await owned('me', name);
  expect(await opened.seal()).toBeUndefined();
  await opened.keepSeal('me', await sealOnDevice(new Uint8Array(32).fill(7), env));
  const seal = await (await database(name)).seal();
  expect(seal?.device.extractable).toBe(false);
  expect(seal && (await openOnDevice(seal))).toEqual(new Uint8Array(32).fill(7));
});

test('a newer version of the page takes the database from an older one, which then leaves it alone', async () => {
  const name = freshName();
  const old = await database(name);
  const newer = await openDB(name, 2);
  await old.gone;
  await expect(ProfileDatabase.open(name)).rejects.toMatchObject({
    data: { reason: 'page-outdated' },
  });
  newer.close();
});

test('a tab is notified when its data is cleared', async () => {
  const name = freshName();
  const opened = await database(name);
  await deleteDB(name);
  await opened.gone;
});
