import { expect, test } from 'vitest';
import { keptPlace } from '../src/timeline/kept-place.ts';
import type { Row } from '../src/timeline/row.ts';

function rows(keys: string): readonly Row[] {
  return [...keys].map((key): Row => ({ kind: 'day', key, text: key, spoken: key }));
}

test.each([
  ['abcdef', 'abcdef', 'c', 'c'],
  ['abcdef', 'bcdef', 'c', 'c'],
  ['abcdef', 'abdef', 'c', 'd'],
  ['abcdef', 'abf', 'c', 'f'],
  ['abcdef', 'ab', 'c', 'b'],
  ['abcdef', 'xyz', 'c', undefined],
  ['abcdef', 'abc', 'x', undefined],
])('of %s, %s is left: who was at %s is at %s', (before, after, at, kept) => {
  expect(keptPlace(rows(before), rows(after), at)).toBe(kept);
});
