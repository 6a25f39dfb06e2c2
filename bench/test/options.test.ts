import { expect, test } from 'vitest';
import { readOptions, USAGE } from '../src/options.ts';

test('options are parsed, and the help lists all of them', () => {
  const read = readOptions([
    '--quick',
    '--client',
    '--json',
    'out.json',
    '--only',
    'idle',
    '--only',
    'redis',
    '--no-install',
    '--save',
  ]);
  expect(read).toEqual({
    quick: true,
    client: true,
    json: 'out.json',
    only: ['idle', 'redis'],
    install: false,
    save: true,
  });
  expect(readOptions([])).toEqual({
    quick: false,
    client: false,
    json: undefined,
    only: [],
    install: true,
    save: false,
  });
  expect(readOptions(['--help'])).toBe('help');
  for (const option of ['--quick', '--client', '--json', '--only', '--no-install', '--save'])
    expect(USAGE).toContain(option);
});

test('an unknown option is refused by name', () => {
  expect(() => readOptions(['--fast'])).toThrow(/--fast/);
});
