import { expect, test } from 'vitest';
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
