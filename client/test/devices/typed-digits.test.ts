import { expect, test } from 'vitest';
import { typedDigits } from '../../src/devices/linking/digits.ts';

test.each([
  '123456',
  ' 123 456 ',
  '123-456',
  '12–34–56',
  '123.456',
  '１２３４５６',
  '123\u00a0456',
  '12 34 5 6',
])('%j is read as six digits', (text) => {
  expect(typedDigits(text)).toBe('123456');
});

test.each(['', '12345', '1234567', 'abcdef', '12345a', '-12345', '١٢٣٤٥٦'])('%j is not', (text) => {
  expect(typedDigits(text)).toBeUndefined();
});
