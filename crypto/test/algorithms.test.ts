import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Algorithms } from '../src/algorithms/algorithms.ts';
import { algorithms as openssl } from '../src/algorithms/openssl.ts';
import { fileCipher as opensslFiles } from '../src/algorithms/openssl-file-cipher.ts';
import { algorithms as webCrypto } from '../src/algorithms/web-crypto.ts';
import { fileCipher as webFiles } from '../src/algorithms/web-file-cipher.ts';
import { concatBytes, utf8 } from '../src/primitives.ts';
import { MixedOrderKey, signWithMixedOrder } from './mixed-order.ts';

const BOTH: readonly [string, Algorithms][] = [
  ['in Node.js', openssl],
  ['in a browser', webCrypto],
];

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const any = fc.uint8Array({ maxLength: 700 });

test.each(BOTH)('gives what the standards print, %s', (_where, { sha256, hmac, expand, ed25519: ed }) => {
  // FIPS 180-4's example, RFC 4231 (test case 2), RFC 5869 (test cases 1 and 2).
  expect(hex(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(hex(hmac(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  const prk = bytes('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
  expect(hex(expand(prk, bytes('f0f1f2f3f4f5f6f7f8f9'), 42))).toBe(
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
  const long = bytes('06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244');
  const info = Uint8Array.from({ length: 80 }, (_, i) => 0xb0 + i);
  expect(hex(expand(long, info, 82))).toBe(
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  );
  // RFC 8032, section 7.1, test 2.
  const seed = bytes('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
  const signature = bytes(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  expect(hex(ed.publicKey(seed))).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
  expect(hex(ed.sign(seed, Uint8Array.of(0x72)))).toBe(hex(signature));
  expect(ed.verify(ed.publicKey(seed), Uint8Array.of(0x72), signature)).toBe(true);
});

test('hashes and keys are the same in Node.js and in a browser', () => {
  fc.assert(
    fc.property(any, sized(32), any, fc.integer({ min: 0, max: 300 }), (data, key, info, length) => {
      const [one, other] = BOTH.map(([, { sha256, hmac, expand, ed25519: ed, exchangeKey }]) => [
        sha256(data),
        hmac(key, data),
        hmac(data, info),
        expand(key, info, length),
        ed.publicKey(key),
        ed.sign(key, data),
        exchangeKey(key),
      ]);
      expect(one).toEqual(other);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['aes', 16, 12],
  ['xchacha', 32, 24],
] as const)('%s: what one seals, the other opens, and nothing else', (name, keyBytes, nonceBytes) => {
  const change = fc.record({
    of: fc.constantFrom('key', 'nonce', 'aad', 'sealed'),
    at: fc.nat(),
    by: fc.integer({ min: 1, max: 255 }),
  });
  fc.assert(
    fc.property(
      sized(keyBytes),
      sized(nonceBytes),
      any,
      any,
      change,
      (key, nonce, aad, text, { of, at, by }) => {
        const [one, other] = [openssl[name], webCrypto[name]];
        const sealed = one.seal(key, nonce, aad, text);
        expect(sealed).toEqual(other.seal(key, nonce, aad, text));
        const parts = { key, nonce, aad, sealed };
        const part = parts[of];
        const spot = part.length === 0 ? 0 : at % part.length;
        const bent = part.length === 0 ? Uint8Array.of(by) : part.with(spot, (part[spot] ?? 0) ^ by);
        for (const { open } of [one, other]) {
          expect(open(key, nonce, aad, sealed)).toEqual(text);
          const wrong = { ...parts, [of]: bent };
          expect(() => open(wrong.key, wrong.nonce, wrong.aad, wrong.sealed)).toThrow();
          // A tag that is cut must not be taken for one.
          for (const length of [0, 1, 12, 15, sealed.length - 1])
            if (length < sealed.length)
              expect(() => open(key, nonce, aad, sealed.subarray(0, length))).toThrow();
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('what was opened has a buffer of its own', () => {
  const [key, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(24).fill(2)];
  for (const [, { xchacha, sha256, hmac }] of BOTH) {
    const opened = xchacha.open(key, nonce, key, xchacha.seal(key, nonce, key, utf8('hello')));
    for (const value of [opened, sha256(key), hmac(key, key)])
      expect(value.buffer.byteLength).toBe(value.length);
  }
});

const { ORDER } = ed25519.Point.Fn;
const P = 2n ** 255n - 19n;
const littleEndian = (value: Uint8Array) => value.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
const encoded = (value: bigint) =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));

/** Keys, messages and signatures on which implementations of Ed25519 are known to differ. */
function disputed(): [string, Uint8Array, Uint8Array, Uint8Array][] {
  const seed = new Uint8Array(32).fill(8);
  const text = utf8('a certificate');
  const { scalar, pointBytes: key } = ed25519.utils.getExtendedPublicKey(seed);
  const made = ed25519.sign(text, seed);
  const [r, s] = [made.subarray(0, 32), made.subarray(32)];
  const mixed = new MixedOrderKey(seed);
  const neutral = encoded(1n);
  const zeros = new Uint8Array(32);
  return [
    ['a key with a part of small order', mixed.publicKey, text, mixed.sign(text)],
    ['an R with a part of small order', key, text, signWithMixedOrder(scalar, text)],
    ['S plus the order', key, text, concatBytes(r, encoded(littleEndian(s) + ORDER))],
    ['an R of small order', key, text, concatBytes(zeros, s)],
    ['the neutral element as key and R', neutral, text, concatBytes(neutral, zeros)],
    ['the neutral element with its sign', neutral.with(31, 128), text, concatBytes(neutral, zeros)],
    ['a key that is not reduced', encoded(P + 1n), text, concatBytes(neutral, zeros)],
    ['an R that is not reduced', key, text, concatBytes(encoded(P + 3n), s)],
    ['a key that is no point', encoded(2n), text, made],
    ['zeros', zeros, text, new Uint8Array(64)],
    ['ones', new Uint8Array(32).fill(255), text, new Uint8Array(64).fill(255)],
    ['another key', ed25519.getPublicKey(zeros), text, made],
    ['another message', key, utf8('a certificatf'), made],
  ];
}

test.each(disputed())('both refuse the same signatures: %s', (_what, key, text, signature) => {
  expect(BOTH.map(([, { ed25519: ed }]) => ed.verify(key, text, signature))).toEqual([false, false]);
});

test('both accept what either of them signs, and refuse it with one bit changed', async () => {
  await fc.assert(
    fc.asyncProperty(sized(32), any, fc.nat({ max: 64 * 8 - 1 }), async (seed, text, bit) => {
      for (const [, signer] of BOTH) {
        const key = signer.ed25519.publicKey(seed);
        const made = await signer.messages.sign(seed, text);
        const bent = made.with(bit >> 3, (made[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
        for (const [, { ed25519: ed, messages }] of BOTH) {
          expect(ed.verify(key, text, made)).toBe(true);
          expect(ed.verify(key, text, bent)).toBe(false);
          expect(await messages.verify(key, text, made)).toBe(true);
          expect(await messages.verify(key, text, bent)).toBe(false);
        }
      }
    }),
    { numRuns: 25 },
  );
});

const FILES = [
  ['in Node.js', opensslFiles, webFiles],
  ['in a browser', webFiles, opensslFiles],
] as const;

test.each(FILES)('chunks of files: gives what NIST prints, %s', async (_where, cipher) => {
  // The GCM specification's test case 16 (McGrew and Viega): AES-256 with associated data.
  const key = bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
  const nonce = bytes('cafebabefacedbaddecaf888');
  const aad = bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const plaintext = bytes(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  );
  const sealed = await cipher.seal(key, nonce, aad, plaintext);
  expect(hex(sealed)).toBe(
    'cafebabefacedbaddecaf888' +
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
  );
  expect(hex(await cipher.open(key, aad, sealed))).toBe(hex(plaintext));
  expect(hex(await cipher.sha256(utf8('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test.each(FILES)(
  'chunks of files: opens what the other has sealed, and nothing else, %s',
  async (_where, cipher, other) => {
    const damage = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) });
    await fc.assert(
      fc.asyncProperty(
        sized(32),
        sized(12),
        any,
        any,
        damage,
        async (key, nonce, aad, plaintext, { at, bit }) => {
          const sealed = await other.seal(key, nonce, aad, plaintext);
          expect(sealed.length).toBe(plaintext.length + 28);
          expect(sealed.byteOffset === 0 && sealed.buffer.byteLength === sealed.length).toBe(true);
          expect(hex(await cipher.open(key, aad, sealed))).toBe(hex(plaintext));
          await expect(cipher.open(key, concatBytes(aad, Uint8Array.of(0)), sealed)).rejects.toThrow();
          await expect(cipher.open(key, aad, sealed.subarray(0, -1))).rejects.toThrow();
          const place = at % sealed.length;
          sealed[place] = (sealed[place] ?? 0) ^ (1 << bit);
          await expect(cipher.open(key, aad, sealed)).rejects.toThrow();
        },
      ),
      { numRuns: 50 },
    );
  },
);
