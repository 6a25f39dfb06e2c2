import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LaneReport } from './e2e/src/lanes/lane-report.ts';
import { checkLanes, LANES, type Lane } from './e2e/src/lanes/lanes.ts';
import { LongestFirst } from './e2e/src/lanes/longest-first.ts';

checkLanes(fileURLToPath(new URL('.', import.meta.url)));

/** Enough for a machine on which other programs keep all cores busy. A test that waits for nothing needs far less. */
const LONGEST_MS = 180_000;

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
      provide: { lane: name },
      setupFiles: ['e2e/src/lanes/process-guard.ts'],
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: LONGEST_MS,
    hookTimeout: LONGEST_MS,
    teardownTimeout: 10_000,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new LaneReport()],
    projects: [
      lane('unit', ['*/test/**/*.test.ts', '*/src/**/*.test.ts'], Object.values(LANES).flat()),
      lane('system', LANES.system),
      lane('machine', LANES.machine),
    ],
  },
});
