import { readFileSync } from 'node:fs';
import { isCleanName, isCleanTopic } from '@gochat/crypto/names';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isName, isTopic } from '../src/page-client/names.ts';

const { valid, invalid } = JSON.parse(
  readFileSync(new URL('../../docs/vectors/names.json', import.meta.url), 'utf8'),
) as { readonly valid: readonly string[]; readonly invalid: readonly string[] };

test('by the page alone, the valid names of the vectors are valid, and the others are not', () => {
  expect(valid.filter((name) => !isName(name))).toEqual([]);
  expect(invalid.filter((name) => isName(name))).toEqual([]);
});

test('the rules of the page and the members’ code judge every text alike', () => {
  // The characters of each rule, so that most texts are near a border.
  const special = [...new Set([...valid, ...invalid].flatMap((name) => [...name]))];
  const anyText = fc.array(
    fc.oneof(fc.constantFrom(...special), fc.string({ unit: 'binary', maxLength: 1 })),
    {
      maxLength: 12,
    },
  );
  // None has half of a surrogate pair, which UTF-8 can’t have.
  fc.assert(
    fc.property(anyText, (parts) => {
      const text = parts.join('');
      expect([isName(text), text !== '' && isTopic(text)]).toEqual([
        isCleanName(text),
        text !== '' && isCleanTopic(text),
      ]);
    }),
    { numRuns: 2000 },
  );
});
