import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatError } from '../../src/api/chat-error.ts';
import { Jobs } from '../../src/devices/jobs.ts';
import { platform } from '../../src/profile/platform.ts';
import { Timers } from '../../src/schedule/timers.ts';

const [ONE, TWO] = ['http://127.0.0.1:4040', 'http://127.0.0.1:4041'];
const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A job that fails each time, and is begun whenever it can be. */
function failing(reason: 'connection-ended' | 'room-gone', during: () => void = () => undefined) {
  const tries: number[] = [];
  const begins = () =>
    jobs.start('job', ONE, async () => {
      tries.push(Date.now());
      during();
      throw new ChatError(reason === 'room-gone' ? { reason } : { reason, server: ONE });
    });
  const env = { ...platform, now: () => Date.now(), random: (bytes: number) => new Uint8Array(bytes) };
  const jobs: Jobs = new Jobs({ env, timers: new Timers(), nudge: begins });
  return { begins, jobs, tries };
}

/** Time in which pauses grow long. */
const longMs = 20 * MINUTE_MS;

test('what failed as a server was away is tried at once when that is back, and not when another one is', async () => {
  const { begins, jobs, tries } = failing('connection-ended');
  begins();
  await vi.advanceTimersByTimeAsync(longMs);
  const before = tries.length;
  jobs.reached(TWO);
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toHaveLength(before);
  jobs.reached(ONE);
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toHaveLength(before + 1);
  // The pause that was ended ends no later one, and pauses go on growing from where they were.
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(tries).toHaveLength(before + 1);
  await vi.advanceTimersByTimeAsync(4 * MINUTE_MS);
  expect(tries.length).toBeGreaterThan(before + 1);
});

test('what a server has refused rests, also when there is a new connection to it', async () => {
  const { begins, jobs, tries } = failing('room-gone');
  begins();
  await vi.advanceTimersByTimeAsync(longMs);
  const before = tries.length;
  jobs.reached(ONE);
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toHaveLength(before);
});

test('what failed when there was a new connection already is tried at once, and then rests', async () => {
  const reaches = { left: 0 };
  const { begins, jobs, tries } = failing('connection-ended', () => {
    if (reaches.left === 0) return;
    reaches.left -= 1;
    jobs.reached(ONE);
  });
  begins();
  await vi.advanceTimersByTimeAsync(longMs);
  const before = tries.length;
  reaches.left = 1;
  await vi.advanceTimersToNextTimerAsync();
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toHaveLength(before + 2);
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(tries).toHaveLength(before + 2);
});
