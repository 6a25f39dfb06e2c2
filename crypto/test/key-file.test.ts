import { beforeAll, expect, test } from 'vitest';
import { decodeKeyFile, encodeKeyFile, isLocked } from '../src/key-file.ts';
import { utf8 } from '../src/primitives.ts';
import { VaultError } from '../src/vault-error.ts';
import { seededEnv } from './world.ts';

const env = seededEnv(21);
const key = env.random(32);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a key file without a passphrase decodes to its key', async () => {
  const file = await encodeKeyFile(key, undefined, env);
  expect(isLocked(file)).toBe(false);
  expect(await decodeKeyFile(file, undefined)).toEqual(key);
  expect(await decodeKeyFile(file, 'not needed')).toEqual(key);
});

let locked: Uint8Array;

beforeAll(async () => {
  locked = await encodeKeyFile(key, 'pässword', env);
});

test('a locked key file opens only with its passphrase', async () => {
  const file = locked;
  expect(isLocked(file)).toBe(true);
  expect(hex(file)).not.toContain(hex(key));
  expect(await decodeKeyFile(file, 'pa\u0308ssword')).toEqual(key);
  await expect(decodeKeyFile(file, 'Pässword')).rejects.toMatchObject({
    name: 'VaultError',
    code: 'wrong-passphrase',
  });
  await expect(decodeKeyFile(file, '')).rejects.toMatchObject({ code: 'wrong-passphrase' });
  await expect(decodeKeyFile(file, undefined)).rejects.toMatchObject({
    name: 'VaultError',
    code: 'passphrase-needed',
  });
});

test('a damaged key file is reported as damaged', async () => {
  const plain = await encodeKeyFile(key, undefined, env);
  for (const file of [
    new Uint8Array(),
    plain.slice(0, -1),
    Uint8Array.from([...plain, 0]),
    utf8('gochat-key-2\n'),
  ]) {
    expect(() => isLocked(file)).toThrow(VaultError);
    await expect(decodeKeyFile(file, undefined)).rejects.toMatchObject({
      name: 'VaultError',
      code: 'damaged',
    });
  }
  for (const file of [locked.slice(0, 30), locked.slice(0, -1), Uint8Array.from([...locked, 0])]) {
    await expect(decodeKeyFile(file, 'pässword')).rejects.toMatchObject({
      name: 'VaultError',
      code: 'damaged',
    });
  }
  await expect(decodeKeyFile(locked.with(-1, (locked.at(-1) ?? 0) ^ 1), 'pässword')).rejects.toThrow(
    VaultError,
  );
});
