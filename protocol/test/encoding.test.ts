import fc from 'fast-check';
import { expect, test } from 'vitest';
import './fixed-seed.ts';
import { decodeBytes, encodeBytes } from '../src/encoding.ts';

test('bytes survive a round trip and are encoded as unpadded base64url', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBytes(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect([...decodeBytes(text)]).toEqual([...bytes]);
    }),
  );
});

test('a non-canonical encoding is not decoded', () => {
  for (const text of ['A', 'AB', 'AAB', 'AA==', 'AA=', 'A+', 'A/', 'A A', 'AA\n', 'é']) {
    expect(() => decodeBytes(text), text).toThrow();
  }
});
