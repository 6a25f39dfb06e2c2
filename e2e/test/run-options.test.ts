import { expect, test } from 'vitest';
import { readRunOptions } from '../src/run-options.ts';

test('a run takes its seconds, its seed and what it is to do', () => {
  const args = ['--seconds', '7', '--seed', '3', '--only', 'cut', '--only', 'kill'];
  expect(readRunOptions(args, ['cut', 'kill', 'pause'])).toEqual({
    seconds: 7,
    seed: 3,
    only: ['cut', 'kill'],
  });
  expect(readRunOptions([])).toMatchObject({ seconds: 60, only: [] });
});

test.each([
  [['--only', 'kil'], /--only is one of cut, kill, not kil/],
  [['--seconds', '0'], /--seconds is a whole number from 1 to 86400, not 0/],
  [['--seed', 'abc'], /--seed is a whole number/],
  [['--sceonds', '1'], /--sceonds/],
])('a run that is asked for by %s says what it takes', (args, words) => {
  expect(() => readRunOptions(args, ['cut', 'kill'])).toThrow(words);
});

test('a run of which nothing can be left out says so', () => {
  expect(() => readRunOptions(['--only', 'kill'])).toThrow('there is no --only kill');
});
