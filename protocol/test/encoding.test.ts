import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBytes, encodeBytes } from '../src/encoding.ts';

test('bytes come back as they were encoded, and are written as elsewhere', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBytes(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect([...decodeBytes(text)]).toEqual([...bytes]);
    }),
  );
});

test('another spelling of bytes is not decoded', () => {
  for (const text of ['A', 'AB', 'AAB', 'AA==', 'AA=', 'A+', 'A/', 'A A', 'AA\n', 'é']) {
    expect(() => decodeBytes(text), text).toThrow();
  }
});
