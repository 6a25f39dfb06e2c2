import { AsyncLocalStorage } from 'node:async_hooks';
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

const drawing = new AsyncLocalStorage<Env>();

/**
 * Runs a function for which MLS and HPKE draw their random bytes and key pairs from `env` instead of from the platform. What else runs
 * in this process meanwhile has the platform's.
 */
export async function withRandom<T>(env: Env, run: () => Promise<T>): Promise<T> {
  const { kem } = hpkeSuite;
  const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
  const [getRandomValues, generateKeyPair] = [
    globalThis.crypto.getRandomValues.bind(globalThis.crypto),
    kem.generateKeyPair.bind(kem),
  ];
  replace(globalThis.crypto, 'getRandomValues', (bytes: Uint8Array<ArrayBuffer>) => {
    const own = drawing.getStore();
    if (own === undefined) return getRandomValues(bytes);
    bytes.set(own.random(bytes.length));
    return bytes;
  });
  replace(kem, 'generateKeyPair', async () => {
    const own = drawing.getStore();
    if (own === undefined) return generateKeyPair();
    const bytes = own.random(32);
    return {
      privateKey: await kem.deserializePrivateKey(bufferOf(bytes)),
      publicKey: await kem.deserializePublicKey(bufferOf(x25519.getPublicKey(bytes))),
    };
  });
  try {
    return await drawing.run(env, run);
  } finally {
    // Their own are those of their prototypes.
    Reflect.deleteProperty(globalThis.crypto, 'getRandomValues');
    Reflect.deleteProperty(kem, 'generateKeyPair');
  }
}

function replace(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { configurable: true, value });
}
