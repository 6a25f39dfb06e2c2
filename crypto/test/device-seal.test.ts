import { expect, test } from 'vitest';
import { openOnDevice, sealOnDevice } from '../src/device-seal.ts';
import { seededEnv } from './world.ts';

const env = seededEnv(22);
const key = env.random(32);
const damaged = { name: 'VaultError', code: 'damaged' };

test('a key that was sealed on a device opens on it', async () => {
  const seal = await sealOnDevice(key, env);
  expect(await openOnDevice(seal)).toEqual(key);
  expect(Buffer.from(seal.sealed).includes(Buffer.from(key))).toBe(false);
});

test('the device key is not extractable', async () => {
  const { device } = await sealOnDevice(key, env);
  expect(device.extractable).toBe(false);
  for (const format of ['raw', 'jwk'] as const) {
    await expect(crypto.subtle.exportKey(format, device)).rejects.toThrow();
  }
});

test('a sealed key is reported as damaged on another device or after damage', async () => {
  const one = await sealOnDevice(key, env);
  const other = await sealOnDevice(key, env);
  await expect(openOnDevice({ ...one, device: other.device })).rejects.toMatchObject(damaged);
  for (let at = 0; at < one.sealed.length; at += 1) {
    const flipped = one.sealed.with(at, (one.sealed[at] ?? 0) ^ 1);
    await expect(openOnDevice({ ...one, sealed: flipped })).rejects.toMatchObject(damaged);
    await expect(openOnDevice({ ...one, sealed: one.sealed.slice(0, at) })).rejects.toMatchObject(damaged);
  }
});
