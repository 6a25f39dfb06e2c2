import { expect, test } from 'vitest';
import { Slices } from '../src/schedule/slices.ts';

test('work goes on for eight milliseconds, and then lets others have a turn', async () => {
  let now = 100;
  const slices = new Slices(() => now);
  now += 7.9;
  expect(slices.over()).toBeUndefined();
  now += 0.1;
  let had = false;
  setImmediate(() => {
    had = true;
  });
  await slices.over();
  expect(had).toBe(true);
  now += 7;
  expect(slices.over()).toBeUndefined();
});
