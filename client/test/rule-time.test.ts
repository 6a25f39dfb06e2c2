import { expect, test } from 'vitest';
import { formatRuleTime, parseRuleTime } from '../src/api/rule-time.ts';

test.each([
  ['off', null],
  ['30s', 30],
  ['15m', 900],
  ['90m', 5400],
  ['12h', 43_200],
  ['7d', 604_800],
])('%s is %s seconds, and is written so', (text, seconds) => {
  expect(parseRuleTime(text)).toBe(seconds);
  expect(formatRuleTime(seconds)).toBe(text);
});

test('weeks, spaces and capitals are read, too', () => {
  expect(parseRuleTime(' 2W ')).toBe(14 * 86_400);
  expect(formatRuleTime(14 * 86_400)).toBe('14d');
  expect(formatRuleTime(undefined)).toBe('off');
});

test.each(['', '7', 'd', '0d', '-1d', '1.5h', '1h30m', 'never', '7 d', '9999999999d'])(
  '%s is no time',
  (text) => {
    expect(() => parseRuleTime(text)).toThrow(expect.objectContaining({ data: { reason: 'rule-time' } }));
  },
);
