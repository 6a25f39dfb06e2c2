import { expect, onTestFinished, test, vi } from 'vitest';
import { Alarm } from '../src/schedule/alarm.ts';
import { Timers } from '../src/schedule/timers.ts';

const MINUTE = 60_000;

function fakeTime() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let rings = 0;
  const alarm = new Alarm(new Timers(), () => {
    rings += 1;
  });
  return { alarm, rings: () => rings, set: (inMs: number) => alarm.set(Date.now() + inMs, Date.now()) };
}

test('an alarm rings at its time; one that is set to an earlier time rings then, and only once', () => {
  const { alarm, rings, set } = fakeTime();
  set(10_000);
  set(20_000);
  set(5000);
  vi.advanceTimersByTime(5000);
  expect(rings()).toBe(0);
  vi.advanceTimersByTime(2);
  expect(rings()).toBe(1);
  vi.advanceTimersByTime(MINUTE);
  expect(rings()).toBe(1);
  set(1000);
  alarm.set(undefined, Date.now());
  vi.advanceTimersByTime(MINUTE);
  expect(rings()).toBe(1);
});

test('it looks again every minute, because a timer may sleep, and at once when the clock was set', () => {
  const { alarm, rings, set } = fakeTime();
  set(10 * MINUTE);
  vi.advanceTimersByTime(MINUTE + 1);
  expect(rings()).toBe(1);
  set(10 * MINUTE);
  alarm.set(Date.now() + 10 * MINUTE, Date.now() + 20 * MINUTE);
  vi.advanceTimersByTime(1);
  expect(rings()).toBe(2);
});
