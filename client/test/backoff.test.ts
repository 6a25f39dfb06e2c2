import { expect, test } from 'vitest';
import { BackOff } from '../src/schedule/backoff.ts';
import { FakeClock } from './fake-clock.ts';

function backOff(random: () => number = () => 1) {
  const clock = new FakeClock();
  return { clock, waits: new BackOff({ clock, random, firstMs: 100, longestMs: 1_000, stableMs: 5_000 }) };
}
const take = (waits: BackOff, count: number) => Array.from({ length: count }, () => waits.next());

test('each wait is twice the one before, up to the longest', () => {
  expect(take(backOff().waits, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('chance takes up to half of it off', () => {
  expect(take(backOff(() => 0).waits, 3)).toEqual([50, 100, 200]);
  expect(take(backOff(() => 0.5).waits, 1)).toEqual([75]);
});

test('what the server asks for is waited, and the spread on top of it', () => {
  const { waits } = backOff(() => 0);
  expect([waits.next(500), waits.next(500), waits.next()]).toEqual([550, 600, 200]);
});

test('only a success that lasts resets the wait', () => {
  const { clock, waits } = backOff();
  take(waits, 3);
  waits.succeeded();
  clock.pass(4_999);
  expect(waits.next()).toBe(800);
  waits.succeeded();
  clock.pass(5_000);
  expect(take(waits, 2)).toEqual([100, 200]);
});

test('it stays finite after any number of failures', () => {
  const { waits } = backOff();
  expect(take(waits, 3_000).at(-1)).toBe(1_000);
});
