import { expect, onTestFinished, test, vi } from 'vitest';
import { Timers } from '../src/schedule/timers.ts';

test('a wait longer than the platform’s limit is waited, not skipped', async () => {
  const timers = new Timers();
  const ended: string[] = [];
  timers.after(3_000_000_000, () => ended.push('weeks'));
  void timers.pause(3_000_000_000).then(() => ended.push('paused for weeks'));
  await new Promise<void>((resolve) => timers.after(20, resolve));
  expect(ended).toEqual([]);
  timers.clear();
  await Promise.resolve();
  // A cleared pause resolves; a cleared job doesn't run.
  expect(ended).toEqual(['paused for weeks']);
});

test.each([10, 10.4])(
  'a timer of %d ms is not before its time, though the platform may be a millisecond early',
  (ms) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const due = Date.now() + ms;
    const found: boolean[] = [];
    new Timers().after(ms, () => found.push(Date.now() - 1 >= due));
    vi.advanceTimersByTime(Math.ceil(ms));
    expect(found).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(found).toEqual([true]);
  },
);
