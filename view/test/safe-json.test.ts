import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeJson } from '../src/text/safe-json.ts';

test('JSON for scripts has the same value and no control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = safeJson({ text });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});
