import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../src/primitives.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
/** A point of order 8 (RFC 7748's curve has the same). */
const SMALL = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa');

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

/** A signature by an honest key whose point R has a part of small order. It is valid by one of the two equations only. */
export function signWithMixedOrder(scalar: bigint, bytes: Uint8Array): Uint8Array {
  const nonce = 7n;
  const r = Point.BASE.multiply(nonce).add(SMALL).toBytes();
  const hash = littleEndian(sha512(concatBytes(r, Point.BASE.multiply(scalar).toBytes(), bytes))) % ORDER;
  return concatBytes(r, encoded((nonce + hash * scalar) % ORDER));
}

function encoded(scalar: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((scalar >> BigInt(8 * i)) & 255n));
}

/** An Ed25519 key that has a part of small order. Its signatures are valid by one of the two equations that RFC 8032 allows, and mostly not by the other. */
export class MixedOrderKey {
  readonly publicKey: Uint8Array;
  readonly #scalar: bigint;

  constructor(seed: Uint8Array) {
    this.#scalar = littleEndian(sha512(seed)) % ORDER;
    this.publicKey = Point.BASE.multiply(this.#scalar).add(SMALL).toBytes();
  }

  sign(bytes: Uint8Array): Uint8Array {
    // With a hash that is a multiple of 8 both equations hold.
    for (let n = 1; ; n++) {
      const nonce = littleEndian(sha512(concatBytes(Uint8Array.of(n), bytes))) % ORDER;
      const r = Point.BASE.multiply(nonce).toBytes();
      const hash = littleEndian(sha512(concatBytes(r, this.publicKey, bytes))) % ORDER;
      if (hash % 8n === 0n) continue;
      const s = (nonce + hash * this.#scalar) % ORDER;
      return concatBytes(r, encoded(s));
    }
  }
}
