import { encodeBytes } from '@gochat/protocol/encoding';
import { publicKey } from '@gochat/protocol/fields';
import { ED25519_TORSION_SUBGROUP, ed25519, x25519 } from '@noble/curves/ed25519.js';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { certified, createIdentity, encodeCredential, newLeaf, ownedLeaf } from '../src/identity.ts';
import { found } from '../src/mls/commits.ts';
import { suite } from '../src/mls/suite.ts';
import { concatBytes, isUsableKey, sign, signingKey, utf8, verify } from '../src/primitives.ts';
import { MixedOrderKey, signWithMixedOrder } from './mixed-order.ts';
import { seededEnv } from './world.ts';

const P = 2n ** 255n - 19n;

const { ORDER } = ed25519.Point.Fn;

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

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

test('joiners accept no leaf, device or identity whose key is of small order', async () => {
  const env = seededEnv(5);
  const { identity, device } = createIdentity(env);
  const groupId = env.random(16);
  const own = newLeaf(groupId, { identity, device }, 'ana', env);
  const { key: leaf } = own;
  const small = encoded(1n);
  // The base point and the number 1 are a signature of the identity point over every message.
  const base = encoded(46316835694926478169428394003475163141307993866256225615783033603165251855960n);
  const forged = concatBytes(base, encoded(1n));
  const { clientConfig } = await found(groupId, own, []);
  const isValid = (
    { identityKey = identity.publicKey, deviceKey = device.publicKey, leafKey = leaf.publicKey } = {},
    signature = sign(identity, certified(deviceKey, 0)),
    leafSignature = sign(device, ownedLeaf(groupId, leafKey)),
  ) => {
    const credential = encodeCredential(
      { identityKey, deviceKey, rights: 0, signature },
      leafSignature,
      'ana',
    );
    return clientConfig.authService.validateCredential(
      { credentialType: 'basic', identity: credential },
      leafKey,
    );
  };
  expect(await isValid()).toBe(true);
  expect(await isValid({ leafKey: small })).toBe(false);
  expect(await isValid({ deviceKey: small }, undefined, forged)).toBe(false);
  expect(await isValid({ identityKey: small }, forged)).toBe(false);
});

test('a signature on which implementations differ is refused', async () => {
  const { signature } = await suite();
  const key = new MixedOrderKey(new Uint8Array(32).fill(5));
  const bytes = utf8('a certificate');
  const made = key.sign(bytes);
  expect(ed25519.verify(made, bytes, key.publicKey, { zip215: false })).toBe(true);
  expect(await signature.verify(key.publicKey, bytes, made)).toBe(false);
  expect(verify(key.publicKey, bytes, made)).toBe(false);
});

test('a signature whose point has a part of small order is refused', async () => {
  const { signature } = await suite();
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(new Uint8Array(32).fill(8));
  const bytes = utf8('a certificate');
  const made = signWithMixedOrder(scalar, bytes);
  expect(ed25519.verify(made, bytes, pointBytes, { zip215: false })).toBe(true);
  expect(await signature.verify(pointBytes, bytes, made)).toBe(false);
  expect(verify(pointBytes, bytes, made)).toBe(false);
});

test('a verdict holds for its key, bytes and signature only', () => {
  const [key, other] = [6, 7].map((fill) => signingKey(new Uint8Array(32).fill(fill)));
  if (key === undefined || other === undefined) throw new Error('two keys');
  const bytes = utf8('a certificate');
  const made = sign(key, bytes);
  const unreduced = concatBytes(made.subarray(0, 32), encoded(littleEndian(made.subarray(32)) + ORDER));
  for (const _ of ['first', 'again']) {
    expect(verify(key.publicKey, bytes, made)).toBe(true);
    expect(verify(other.publicKey, bytes, made)).toBe(false);
    expect(verify(key.publicKey, utf8('a certificatf'), made)).toBe(false);
    expect(verify(key.publicKey, bytes, sign(other, bytes))).toBe(false);
    expect(verify(key.publicKey, bytes, unreduced)).toBe(false);
  }
});

test('an honest signature is valid, and neither a changed one nor a key of small order is', () => {
  const key = signingKey(new Uint8Array(32).fill(6));
  const bytes = utf8('a certificate');
  const made = sign(key, bytes);
  expect(verify(key.publicKey, bytes, made)).toBe(true);
  for (const at of [0, 31, 32, 63])
    expect(verify(key.publicKey, bytes, made.with(at, (made[at] ?? 0) ^ 1))).toBe(false);
  expect(verify(key.publicKey, bytes, made.subarray(1))).toBe(false);
  // The neutral element, with which a signature of zeros is valid for everything by the equation alone.
  const neutral = new Uint8Array(32).with(0, 1);
  expect(verify(neutral, bytes, Uint8Array.from([...neutral, ...new Uint8Array(32)]))).toBe(false);
});
