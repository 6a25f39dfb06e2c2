import { expect, test } from 'vitest';
import { readRunOptions } from '../src/run-options.ts';

test('the options of a run are its length, its seed and its cases', () => {
  const args = ['--seconds', '7', '--seed', '3', '--only', 'cut', '--only', 'kill'];
  expect(readRunOptions(args, ['cut', 'kill', 'pause'])).toEqual({
    seconds: 7,
    seed: 3,
    only: ['cut', 'kill'],
  });
  expect(readRunOptions([])).toMatchObject({ seconds: 60, only: [] });
  expect(readRunOptions(['--faults', '3'])).toMatchObject({ faults: 3 });
});

test.each([
  [['--only', 'kil'], /--only is one of cut, kill, not kil/],
  [['--seconds', '0'], /--seconds is a whole number from 1 to 86400, not 0/],
  [['--faults', '0'], /--faults is a whole number from 1 to 1000000, not 0/],
  [['--seed', 'abc'], /--seed is a whole number/],
  [['--sceonds', '1'], /--sceonds/],
])('%s is refused with the values that are allowed', (args, words) => {
  expect(() => readRunOptions(args, ['cut', 'kill'])).toThrow(words);
});

test('a run without named cases takes no --only', () => {
  expect(() => readRunOptions(['--only', 'kill'])).toThrow('there is no --only kill');
});
