import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { inject, vi } from 'vitest';
import type { Lane } from './lanes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    lane: Lane;
  }
}

/** The programs that tests of a lane may start; a test of the lane `machine` may start any. */
const ALLOWED: Readonly<Record<Exclude<Lane, 'machine'>, readonly string[]>> = {
  unit: [],
  system: ['node', 'sh', 'bash'],
};

/**
 * Makes every start of a program that isn't allowed throw, in this process, from now on. A setup file of the lanes: so a test
 * file that starts a process has its line in the table of lanes.
 */
function guard(lane: Exclude<Lane, 'machine'>): void {
  const check = (file: unknown) => {
    const program = basename(String(file));
    if (ALLOWED[lane].includes(program)) return;
    throw new Error(
      `a test of the lane ${lane} started ${program}: give its file a line in e2e/src/lanes/lanes.ts`,
    );
  };
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
  // Its native module starts processes without node:child_process.
  if (lane === 'unit') vi.doMock('@lydell/node-pty', () => ({ spawn: (file: string) => check(file) }));
}

const lane = inject('lane');
if (lane !== 'machine') guard(lane);
