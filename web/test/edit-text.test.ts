import { expect, test } from 'vitest';
import { difference } from '../src/ui/composer/edit-text.ts';

test.each([
  ['', 'abc', [0, 0, 'abc']],
  ['hi @b', 'hi @ben ', [5, 5, 'en ']],
  ['hi @b there', 'hi @ben there', [5, 5, 'en']],
  ['aaa', 'aaaa', [3, 3, 'a']],
  ['one two', 'one', [3, 7, '']],
  ['so 🎉 it', 'so 🎊 it', [2, 6, ' 🎊 ']],
  ['👩‍👩‍👧', '👩‍👩‍👦', [0, 8, '👩‍👩‍👦']],
  ['e', 'e\u0301', [0, 1, 'e\u0301']],
  ['same', 'same', [4, 4, '']],
] as const)('the difference from “%s” to “%s” splits no character', (before, after, [from, to, text]) => {
  expect(difference(before, after)).toEqual({ from, to, text });
});
