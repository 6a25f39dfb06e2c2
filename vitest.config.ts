import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LaneReport } from './e2e/src/lanes/lane-report.ts';
import { checkLanes, LANES, type Lane } from './e2e/src/lanes/lanes.ts';
import { LongestFirst } from './e2e/src/lanes/longest-first.ts';
import { WAIT_MS } from './e2e/src/waits.ts';

checkLanes(fileURLToPath(new URL('.', import.meta.url)));

/** Enough for a machine on which other programs keep all cores busy. */
const LONGEST_MS = 10 * WAIT_MS;

function lane(
  name: Lane,
  include: readonly string[],
  exclude: readonly string[] = [],
): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [...include],
      exclude: ['**/node_modules/**', ...exclude],
      // A module is loaded once a process: loading takes longer than most of these tests. What a file changed is taken back.
      isolate: name !== 'unit',
      unstubGlobals: true,
      unstubEnvs: true,
      restoreMocks: true,
      provide: { lane: name },
      setupFiles: ['e2e/src/lanes/process-guard.ts', 'e2e/src/lanes/property-seed.ts'],
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    // Tests of processes wait for a third of their time.
    maxWorkers: 3,
    testTimeout: LONGEST_MS,
    hookTimeout: LONGEST_MS,
    teardownTimeout: WAIT_MS,
    expect: { poll: { timeout: WAIT_MS } },
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new LaneReport()],
    projects: [
      lane('unit', ['*/test/**/*.test.ts', '*/src/**/*.test.ts'], Object.values(LANES).flat()),
      lane('system', LANES.system),
      lane('machine', LANES.machine),
    ],
  },
});
