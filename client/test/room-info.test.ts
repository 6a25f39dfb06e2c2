import { expect, test } from 'vitest';
import { isIdOrPrefix } from '../src/account/room-info.ts';

test.each([
  ['vnRfT2VMbTg3', true],
  ['vnRf', true],
  ['vnR', false],
  ['', false],
  ['vnRg', false],
])('%j names an id: %s', (wanted, is) => {
  expect(isIdOrPrefix('vnRfT2VMbTg3', wanted)).toBe(is);
  expect(isIdOrPrefix('abc', 'abc')).toBe(true);
});
