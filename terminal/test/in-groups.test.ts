import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inGroups } from '../src/in-groups.ts';

async function* numbers(to: number, end: () => void = () => undefined) {
  try {
    for (let n = 1; n <= to; n += 1) yield n;
  } finally {
    end();
  }
}

test('whoever is slow takes all that is ready, in order, and never more than the most', async () => {
  const groups: (readonly number[])[] = [];
  for await (const group of inGroups(numbers(25), 10)) {
    groups.push(group);
    await setImmediate();
  }
  expect(groups.flat()).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  expect(groups.map(({ length }) => length)).toEqual([1, 10, 10, 4]);
});

test('what comes one by one is taken one by one', async () => {
  const groups: (readonly number[])[] = [];
  const slow = async function* () {
    for await (const n of numbers(3)) {
      yield n;
      await setImmediate();
    }
  };
  for await (const group of inGroups(slow(), 10)) groups.push(group);
  expect(groups).toEqual([[1], [2], [3]]);
});

test('an error of the source comes after what was before it', async () => {
  const broken = async function* () {
    yield 1;
    yield 2;
    throw new Error('no text');
  };
  const seen: number[] = [];
  const all = async () => {
    for await (const group of inGroups(broken(), 10)) {
      seen.push(...group);
      await setImmediate();
    }
  };
  await expect(all()).rejects.toThrow('no text');
  expect(seen).toEqual([1, 2]);
});

test('whoever stops ends the source', async () => {
  let isEnded = false;
  const all = inGroups(
    numbers(1000, () => (isEnded = true)),
    2,
  );
  for await (const _ of all) break;
  await expect.poll(() => isEnded).toBe(true);
});
