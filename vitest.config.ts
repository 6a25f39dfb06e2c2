import { defineConfig } from 'vitest/config';
import { LaneReport } from './e2e/src/lanes/lane-report.ts';
import { checkLanes, LANES } from './e2e/src/lanes/lanes.ts';
import { LongestFirst } from './e2e/src/lanes/longest-first.ts';
import { WAIT_MS } from './e2e/src/waits.ts';

checkLanes();

/** Enough for a machine on which other programs keep all cores busy. */
const LONGEST_MS = 10 * WAIT_MS;

const ALL = ['*/test/**/*.test.ts', '*/src/**/*.test.ts'];
/** The lane to run; all of them if it isn't set. */
const { GOCHAT_LANE: lane } = process.env;
if (lane !== undefined && lane !== 'unit' && !Object.hasOwn(LANES, lane))
  throw new Error(`GOCHAT_LANE is unit, ${Object.keys(LANES).join(' or ')}, not ${lane}`);

export default defineConfig({
  test: {
    include: lane === undefined || lane === 'unit' ? ALL : [...LANES[lane as keyof typeof LANES]],
    exclude: ['**/node_modules/**', ...(lane === 'unit' ? Object.values(LANES).flat() : [])],
    pool: 'forks',
    // A module is loaded once a process: loading takes longer than most tests. What a file changes, it undoes.
    isolate: false,
    unstubGlobals: true,
    unstubEnvs: true,
    restoreMocks: true,
    globalSetup: ['e2e/src/lanes/memory-folder.ts'],
    setupFiles: ['e2e/src/lanes/process-guard.ts', 'e2e/src/lanes/property-seed.ts'],
    // Of two cores: tests of processes wait for most of their time. With four, some waited for longer than they may.
    maxWorkers: 3,
    testTimeout: LONGEST_MS,
    hookTimeout: LONGEST_MS,
    teardownTimeout: WAIT_MS,
    expect: { poll: { timeout: WAIT_MS } },
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new LaneReport()],
  },
});
