import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TimerWheel } from '../src/net/timer-wheel.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function deadlineIn(ms: number) {
  const deadline = {
    until: Date.now() + ms,
    expiredAt: 0,
    due: () => deadline.until,
    expire: () => {
      deadline.expiredAt = Date.now();
    },
  };
  return deadline;
}

test('a deadline expires once, within a tick of its time', () => {
  const wheel = new TimerWheel(Date.now, 10);
  const start = Date.now();
  const deadlines = [0, 5, 10, 630, 640, 650, 5000, 77_777].map((ms) => ({ ms, deadline: deadlineIn(ms) }));
  for (const { deadline } of deadlines) wheel.watch(deadline);
  vi.advanceTimersByTime(100_000);
  for (const { ms, deadline } of deadlines) {
    expect(deadline.expiredAt - start).toBeGreaterThanOrEqual(ms);
    expect(deadline.expiredAt - start).toBeLessThanOrEqual(ms + 20);
  }
  wheel.stop();
});

test('a deadline that is moved, forgotten or infinite does not expire', () => {
  const wheel = new TimerWheel(Date.now, 10);
  const [putOff, forgotten, needless] = [
    deadlineIn(100),
    deadlineIn(100),
    deadlineIn(Number.POSITIVE_INFINITY),
  ];
  for (const deadline of [putOff, forgotten, needless]) wheel.watch(deadline);
  wheel.forget(forgotten);
  putOff.until += 1000;
  vi.advanceTimersByTime(1000);
  expect([putOff.expiredAt, forgotten.expiredAt, needless.expiredAt]).toEqual([0, 0, 0]);
  vi.advanceTimersByTime(200);
  expect(putOff.expiredAt).toBeGreaterThan(0);
  wheel.stop();
});

test('a clock that jumps ahead or back is followed', () => {
  let shift = 0;
  const wheel = new TimerWheel(() => Date.now() + shift, 10);
  const [soon, later] = [deadlineIn(500), deadlineIn(3_600_000)];
  wheel.watch(soon);
  wheel.watch(later);
  shift = 7_200_000;
  vi.advanceTimersByTime(2000);
  expect([soon.expiredAt > 0, later.expiredAt > 0]).toEqual([true, true]);
  shift = -7_200_000;
  const again = deadlineIn(shift + 500);
  wheel.watch(again);
  vi.advanceTimersByTime(2000);
  expect(again.expiredAt).toBeGreaterThan(0);
  wheel.stop();
});
