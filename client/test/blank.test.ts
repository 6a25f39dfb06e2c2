import { expect, test } from 'vitest';
import { isBlank } from '../src/room/blank.ts';

const BLANK = [
  '',
  ' ',
  '\n',
  '\r\n\r\n',
  '\t \t',
  '\v\f',
  '\u00a0',
  '\u1680',
  '\u2003\u200a',
  '\u2028\u2029',
  '\u202f\u205f',
  '\u3000',
  '\u0085',
  '\ufeff',
  '\u200b',
  '\u200b \u200b\n',
  '\u200c\u200d',
  '\u200e\u200f',
  '\u061c',
  '\u202a\u202c',
  '\u2066\u2069',
  '\u2060\u2064',
  '\u00ad',
  '\u034f',
  '\u115f\u1160',
  '\u17b4\u17b5',
  '\u180e',
  '\u2800\u2800',
  '\u3164',
  '\uffa0',
  '\ufe0f',
  '\ufe00 \ufe01',
  '\u{e0100}',
  '\u{e0067}\u{e007f}',
  '\u{1d173}',
  '\u0000',
  '\u001b\u0007',
  '\u007f',
];

test.each(BLANK.map((text) => [JSON.stringify(text), text]))('%s is blank', (_, text) => {
  expect(isBlank(text)).toBe(true);
});

test.each([
  '.',
  ' a ',
  '\u200ba',
  '0',
  'ㅤ.',
  '👍',
  '👩‍👩‍👧',
  '🏴\u{e0067}\u{e007f}',
  'ـ',
  'می‌خواهم',
  '\u0301',
  '-',
  '\u2801',
  'ก็',
])('%j is not blank', (text) => {
  expect(isBlank(text)).toBe(false);
});
