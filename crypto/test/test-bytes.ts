import { x25519 } from '@noble/curves/ed25519.js';
import { hpkeSuite } from '../src/hpke.ts';
import type { Env } from '../src/primitives.ts';

/** Bytes that are visibly no secret: `00 01 02 …`, beginning with a number of two bytes instead. */
export function testBytes(length: number, number = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i === 0 ? number >> 8 : i === 1 ? number : i) & 255);
}

/** A clock that advances by a second at each look, and test bytes with the next number at each draw. */
export function testEnv(): Env {
  let draws = 0;
  let now = 1_700_000_000_000;
  return {
    now: () => {
      now += 1000;
      return now;
    },
    random: (length) => {
      draws += 1;
      return testBytes(length, draws);
    },
  };
}

/** Runs a function while MLS and HPKE draw their random bytes and key pairs from `env` instead of from the platform. */
export async function withRandom<T>(env: Env, run: () => Promise<T>): Promise<T> {
  const { kem } = hpkeSuite;
  const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
  replace(globalThis.crypto, 'getRandomValues', (bytes: Uint8Array) => {
    bytes.set(env.random(bytes.length));
    return bytes;
  });
  replace(kem, 'generateKeyPair', async () => {
    const bytes = env.random(32);
    return {
      privateKey: await kem.deserializePrivateKey(bufferOf(bytes)),
      publicKey: await kem.deserializePublicKey(bufferOf(x25519.getPublicKey(bytes))),
    };
  });
  try {
    return await run();
  } finally {
    // Their own are those of their prototypes.
    Reflect.deleteProperty(globalThis.crypto, 'getRandomValues');
    Reflect.deleteProperty(kem, 'generateKeyPair');
  }
}

function replace(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { configurable: true, value });
}
