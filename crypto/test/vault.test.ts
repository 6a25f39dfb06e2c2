import { expect, test } from 'vitest';
import { utf8 } from '../src/primitives.ts';
import { openRecord, openVault, recordKey, sealRecord } from '../src/vault.ts';
import { VaultError } from '../src/vault-error.ts';
import { seededEnv } from './world.ts';

const env = seededEnv(21);
const key = env.random(32);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a record opens only under its key and in its vault', () => {
  const vault = openVault(key);
  const place = recordKey(vault, 'rooms', Uint8Array.of(0, 1));
  const sealed = sealRecord(vault, place, utf8('a room'), env);
  expect(openRecord(vault, place, sealed)).toEqual(utf8('a room'));
  expect(() => openRecord(vault, recordKey(vault, 'rooms', Uint8Array.of(0, 2)), sealed)).toThrow(VaultError);
  expect(() => openRecord(vault, recordKey(vault, 'names', Uint8Array.of(0, 1)), sealed)).toThrow(VaultError);
  expect(() => openRecord(openVault(env.random(32)), place, sealed)).toThrow(VaultError);
  for (let at = 0; at < sealed.length; at += 1) {
    expect(() => openRecord(vault, place, sealed.with(at, (sealed[at] ?? 0) ^ 1))).toThrow(VaultError);
    expect(() => openRecord(vault, place, sealed.slice(0, at))).toThrow(VaultError);
  }
});

test('the key of a record reveals nothing about its name and keeps the order', () => {
  const vault = openVault(key);
  const places = [1, 2, 3].map((n) => recordKey(vault, 'kitchen', Uint8Array.of(n)));
  expect(hex(places[0] as Uint8Array)).not.toContain(hex(utf8('kitchen')));
  expect(places.map(hex)).toEqual([...places.map(hex)].sort());
  expect(places[0]?.slice(0, 16)).not.toEqual(recordKey(openVault(env.random(32)), 'kitchen').slice(0, 16));
});
