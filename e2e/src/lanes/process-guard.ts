import childProcess, { ChildProcess } from 'node:child_process';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { afterAll, expect, vi } from 'vitest';
import { type Lane, laneOf } from './lanes.ts';

/** The programs that tests of a lane may start; a test of the lane `machine` may start any. */
const ALLOWED: Readonly<Record<Exclude<Lane, 'machine'>, readonly string[]>> = {
  unit: [],
  system: ['node', 'sh', 'bash'],
};

/** Test files of all lanes run one after another in a process. */
const running = globalThis as { gochatLane?: Lane };

/** @throws Error when the test file that is running may not start this program */
function check(file: unknown): void {
  const { gochatLane: lane = 'unit' } = running;
  const program = basename(String(file));
  if (lane === 'machine' || ALLOWED[lane].includes(program)) return;
  throw new Error(
    `a test of the lane ${lane} started ${program}: give its file a line in e2e/src/lanes/lanes.ts`,
  );
}

/**
 * Makes every start of a program that isn't allowed throw, in this process, from now on. A setup file: so a test file that starts a
 * process has its line in the table of lanes.
 */
function guard(): void {
  const { prototype } = ChildProcess as unknown as {
    prototype: { spawn(options: { file: string }): unknown };
  };
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    check(options.file);
    return spawn.call(this, options);
  };
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
    const original = childProcess[name] as (file: string, ...rest: unknown[]) => unknown;
    Object.assign(childProcess, {
      [name]: (file: string, ...rest: unknown[]) => {
        check(name === 'execSync' ? 'sh' : file);
        return original(file, ...rest);
      },
    });
  }
  syncBuiltinESMExports();
  // Its native module starts processes without node:child_process. Nothing has imported it yet.
  const pty = createRequire(import.meta.url)('@lydell/node-pty') as typeof import('@lydell/node-pty');
  const { spawn: spawnTerminal } = pty;
  pty.spawn = (file, ...rest) => {
    check(file);
    return spawnTerminal(file, ...rest);
  };
}

if (running.gochatLane === undefined) guard();
running.gochatLane = laneOf(expect.getState().testPath ?? '');

// What one file changed must not reach the next.
afterAll(() => {
  if (vi.isFakeTimers()) throw new Error('fake timers are still in use at the end of the file');
});
