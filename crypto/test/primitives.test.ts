import { encodeBytes } from '@gochat/protocol/encoding';
import { publicKey } from '@gochat/protocol/fields';
import { ED25519_TORSION_SUBGROUP, x25519 } from '@noble/curves/ed25519.js';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { suite } from '../src/mls.ts';
import { isUsableKey, signingKey, verify } from '../src/primitives.ts';

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
