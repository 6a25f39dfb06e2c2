import { expect, test } from 'vitest';
import { Timers } from '../src/schedule/timers.ts';

test('a wait that is longer than the platform knows is waited, not skipped', async () => {
  const timers = new Timers();
  const ended: string[] = [];
  timers.after(3_000_000_000, () => ended.push('weeks'));
  void timers.pause(3_000_000_000).then(() => ended.push('paused for weeks'));
  await new Promise<void>((resolve) => timers.after(20, resolve));
  expect(ended).toEqual([]);
  timers.clear();
  await Promise.resolve();
  // Who pauses goes on when all is cleared; what was to be done then isn't.
  expect(ended).toEqual(['paused for weeks']);
});
