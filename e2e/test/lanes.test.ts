import { execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { spawn as spawnTerminal } from '@lydell/node-pty';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkLanes } from '../src/lanes/lanes.ts';
import { PROPERTY_SEED } from '../src/lanes/seed.ts';

const REFUSED = /a test of the lane unit started \w+: give its file a line in/;

test('a test of the unit lane can start no process', () => {
  expect(() => spawn('true')).toThrow(REFUSED);
  expect(() => fork('nothing.ts')).toThrow(REFUSED);
  expect(() => spawnSync('true')).toThrow(REFUSED);
  expect(() => execFileSync('true')).toThrow(REFUSED);
  expect(() => spawnTerminal('true', [], {})).toThrow(REFUSED);
});

test('a line that names no file or a file twice is an error', () => {
  const here = 'e2e/test/lanes.test.ts';
  expect(() => checkLanes({ system: [here] })).not.toThrow();
  expect(() => checkLanes({ system: ['e2e/test/gone.test.ts'] })).toThrow(
    'lists e2e/test/gone.test.ts, which is missing',
  );
  expect(() => checkLanes({ system: [here], machine: [here] })).toThrow(`lists ${here} twice`);
});

test('property tests run with the same seed each time', () => {
  expect(fc.readConfigureGlobal()).toMatchObject({ seed: PROPERTY_SEED });
});
