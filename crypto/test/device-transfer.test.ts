import { encodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { identityFrom, rightsFor } from '../src/device-transfer.ts';
import {
  certify,
  createIdentity,
  decodeIdentity,
  encodeIdentity,
  fingerprintOf,
  holdsIdentity,
  identityKeyOf,
} from '../src/identity.ts';

const env = { random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };
const ana = createIdentity(env);
const mallory = createIdentity(env);
const { device } = createIdentity(env);
const key = encodeBytes(device.publicKey);
const founder = fingerprintOf(ana.identity.publicKey);
const content = (rights: ReturnType<typeof rightsFor>) => ({ kind: 'link' as const, ...rights, set: [] });

test('a device becomes its person’s, with the identity key or without', () => {
  const full = identityFrom(content(rightsFor(ana, key, false)), device, founder);
  expect(full && holdsIdentity(full)).toBe(true);
  expect(full && identityKeyOf(full)).toEqual(ana.identity.publicKey);
  const limited = identityFrom(content(rightsFor(ana, key, true)), device, founder);
  expect(limited && holdsIdentity(limited)).toBe(false);
  expect(limited && identityKeyOf(limited)).toEqual(ana.identity.publicKey);
  expect(limited && encodeIdentity(decodeIdentity(encodeIdentity(limited)))).toEqual(
    limited && encodeIdentity(limited),
  );
});

const { seed } = rightsFor(mallory, key, false);
const identity = encodeBytes(ana.identity.publicKey);
const signed = (isLimited: boolean, of = device.publicKey) =>
  encodeBytes(certify(ana.identity, of, isLimited).signature);

test.each([
  ['nothing', {}],
  ['another person', rightsFor(mallory, key, false)],
  ['another person’s limited device', rightsFor(mallory, key, true)],
  ['the key of another person', { identity, seed: seed ?? '' }],
  ['no right at all', { identity }],
  ['a certificate for another device', { identity, certificate: signed(true, mallory.device.publicKey) }],
  ['a certificate for all rights, without the key', { identity, certificate: signed(false) }],
])('it takes no identity from %s', (_, rights) => {
  expect(identityFrom({ kind: 'link', ...rights, set: [] }, device, founder)).toBeUndefined();
});
