import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { afterAll, inject, vi } from 'vitest';
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

/** @throws Error when a test of the lane may not start this program */
function checkStart(lane: Exclude<Lane, 'machine'>, file: unknown): void {
  const program = basename(String(file));
  if (ALLOWED[lane].includes(program)) return;
  throw new Error(
    `a test of the lane ${lane} started ${program}: give its file a line in e2e/src/lanes/lanes.ts`,
  );
}

/**
 * Makes every start of a program that isn't allowed throw, in this process, from now on. A setup file of the lanes: so a test
 * file that starts a process has its line in the table of lanes.
 */
function guard(lane: Exclude<Lane, 'machine'>): void {
  const check = (file: unknown) => checkStart(lane, file);
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
}

const lane = inject('lane');
// Test files of the lane `unit` run one after another in a process.
const GUARDED = Symbol.for('gochat.process-guard');
if (lane !== 'machine' && !(GUARDED in globalThis)) {
  Object.assign(globalThis, { [GUARDED]: true });
  guard(lane);
}

if (lane === 'unit') {
  // Its native module starts processes without node:child_process.
  vi.doMock('@lydell/node-pty', () => ({ spawn: (file: string) => checkStart(lane, file) }));
  // What one file changed must not reach the next.
  afterAll(() => {
    if (vi.isFakeTimers()) throw new Error('fake timers are still in use at the end of the file');
  });
}
