import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Condition } from '../src/schedule/condition.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Something that moves, and is done at a certain mark. */
function moving(doneAt: number) {
  const condition = new Condition();
  let mark = 0;
  let ended: { value: string | undefined } | undefined;
  void condition
    .untilSilent(
      () => (mark >= doneAt ? 'done' : undefined),
      () => mark,
      5000,
    )
    .then((value) => {
      ended = { value };
    });
  return {
    ended: () => ended,
    move: () => {
      mark += 1;
      condition.changed();
    },
    nudge: () => condition.changed(),
  };
}

test('a wait for silence lasts as long as something comes', async () => {
  const { ended, move } = moving(100);
  for (let i = 0; i < 99; i++) {
    await vi.advanceTimersByTimeAsync(4999);
    move();
    expect(ended()).toBeUndefined();
  }
  move();
  await vi.advanceTimersByTimeAsync(0);
  expect(ended()).toEqual({ value: 'done' });
});

test('a wait for silence ends when nothing has come for its time, whatever else changes', async () => {
  const { ended, move, nudge } = moving(100);
  await vi.advanceTimersByTimeAsync(3000);
  move();
  for (let i = 0; i < 4; i++) {
    await vi.advanceTimersByTimeAsync(1000);
    nudge();
  }
  expect(ended()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1000);
  expect(ended()).toEqual({ value: undefined });
});

test('a wait longer than the platform’s limit is waited, not skipped', async () => {
  for (const waitMs of [3_000_000_000, Number.POSITIVE_INFINITY]) {
    const condition = new Condition();
    let isOver = false;
    const wait = condition.until(() => (isOver ? 'done' : undefined), waitMs);
    await vi.advanceTimersByTimeAsync(60_000);
    isOver = true;
    condition.changed();
    expect(await wait).toBe('done');
  }
});
