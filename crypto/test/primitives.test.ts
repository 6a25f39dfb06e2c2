import { encodeBytes } from '@gochat/protocol/encoding';
import { publicKey } from '@gochat/protocol/fields';
import { ED25519_TORSION_SUBGROUP, x25519 } from '@noble/curves/ed25519.js';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { createIdentity, encodeCredential } from '../src/identity.ts';
import { found, suite } from '../src/mls.ts';
import { concatBytes, isUsableKey, signingKey, utf8, verify } from '../src/primitives.ts';
import { seededEnv } from './world.ts';

const P = 2n ** 255n - 19n;

function encoded(u: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((u >> BigInt(8 * i)) & 255n));
}

/** RFC 7748 does not list these points; both implementations give zero for them. */
const lowOrder = [
  0n,
  1n,
  P - 1n,
  P,
  P + 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
].flatMap((u) => [encoded(u), encoded(u + 2n ** 255n)]);

test('encryption to a key of low order fails', async () => {
  const { hpke } = await suite();
  for (const key of lowOrder) {
    expect(isUsableKey(key)).toBe(false);
    expect(() => x25519.getSharedSecret(new Uint8Array(32).fill(64), key)).toThrow();
    const imported = await hpke.importPublicKey(key);
    await expect(hpke.seal(imported, new Uint8Array(), new Uint8Array())).rejects.toThrow();
  }
});

test('encryption to any other key works', async () => {
  const { hpke } = await suite();
  for (const key of [
    x25519.getPublicKey(new Uint8Array(32).fill(7)),
    new Uint8Array(32).fill(255),
    encoded(9n),
  ]) {
    expect(isUsableKey(key)).toBe(true);
    await hpke.seal(await hpke.importPublicKey(key), new Uint8Array(), new Uint8Array());
  }
  expect(isUsableKey(new Uint8Array(31).fill(9))).toBe(false);
});

test('no public key of small order is accepted', () => {
  const points = ED25519_TORSION_SUBGROUP.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
  const others = [P, P + 1n].map(encoded);
  expect(points).toHaveLength(8);
  for (const point of [...points, ...others]) {
    // The sign of x, which some implementations ignore where x is 0.
    for (const key of [point, point.with(31, (point[31] ?? 0) ^ 128)]) {
      expect(v.is(publicKey, encodeBytes(key))).toBe(false);
      expect(verify(key, new Uint8Array(), new Uint8Array(64).with(0, 1))).toBe(false);
    }
  }
  expect(v.is(publicKey, encodeBytes(signingKey(new Uint8Array(32).fill(7)).publicKey))).toBe(true);
});

test('members accept no device or identity whose key is of small order', async () => {
  const env = seededEnv(5);
  const who = createIdentity(env);
  const valid = async (credential: Uint8Array, key: Uint8Array) => {
    const { clientConfig } = await found(env.random(16), encodeCredential(who, 'ana'), who.device, []);
    const { authService } = clientConfig;
    return authService.validateCredential({ credentialType: 'basic', identity: credential }, key);
  };
  const small = encoded(1n);
  expect(await valid(encodeCredential(who, 'ana'), who.device.publicKey)).toBe(true);
  const device = { ...who.device, publicKey: small };
  expect(await valid(encodeCredential({ ...who, device }, 'ana'), small)).toBe(false);
  // The base point and the number 1 are a signature of the identity point over every message.
  const base = encoded(46316835694926478169428394003475163141307993866256225615783033603165251855960n);
  const forged = concatBytes(Uint8Array.of(1), small, base, encoded(1n), utf8('ana'));
  expect(await valid(forged, who.device.publicKey)).toBe(false);
});
