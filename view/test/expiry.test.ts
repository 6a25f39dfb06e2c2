import { expect, test } from 'vitest';
import { makeRows } from '../src/timeline/rows.ts';
import { event, inputOf, item, NOON } from './timeline-input.ts';

test('rows disappear, and a reply says that what it answers has', () => {
  const reply = { seq: '1', id: item(1, 'ana', '').id } as never;
  const input = inputOf([
    item(1, 'ana', 'gone soon', { expires: NOON + 1000 }),
    event(2, 'ben', { kind: 'joined' }),
    item(3, 'me', 'an answer', { expires: NOON + 5000, reply }),
    item(4, 'ana', 'stays'),
  ]);
  const { lines } = input;
  lines.expire(NOON + 999);
  expect(lines.all.map(({ at }) => at)).toEqual([1, 2, 3, 4]);
  expect(JSON.stringify(makeRows(input, new Map()).rows)).toContain('gone soon');
  lines.expire(NOON + 1000);
  expect(lines.all.map(({ at }) => at)).toEqual([2, 3, 4]);
  const shown = JSON.stringify(makeRows(input, new Map()).rows);
  expect(shown).not.toContain('gone soon');
  expect(shown).toContain('a message that has disappeared, or never came to this device');
  // An own message is known by its id.
  lines.expire(NOON + 5000);
  expect(lines.message('3', item(3, 'me', '').id)).toBeUndefined();
  lines.take([item(5, 'me', 'an answer')]);
  expect(lines.all.map(({ at }) => at)).toEqual([2, 4, 5]);
});

test('what never came because it was too late is said with its number', () => {
  const input = inputOf([event(1, '', { kind: 'warning', warning: 'disappeared', count: 3 })]);
  expect(JSON.stringify(makeRows(input, new Map()).rows)).toContain(
    '3 messages disappeared before this device could read them',
  );
});
