import type { Reporter, TestModule } from 'vitest/node';
import { type Lane, laneOf } from './lanes.ts';
import { PROPERTY_SEED } from './seed.ts';

/** After so long, a test file is listed while it runs: one that keeps its process busy for good is ended by nobody, and prints nothing. */
const SLOW_MS = 6 * 60_000;

/** Prints what ran in each lane. Under continuous integration (`CI=true`) a skipped test fails the run. */
export class LaneReport implements Reporter {
  readonly #isCi: boolean;
  readonly #running = new Map<string, NodeJS.Timeout>();

  constructor(isCi = process.env.CI === 'true') {
    this.#isCi = isCi;
  }

  onTestModuleStart({ moduleId, relativeModuleId }: TestModule): void {
    const name = () => process.stdout.write(`still running: ${relativeModuleId}\n`);
    this.#running.set(moduleId, setInterval(name, SLOW_MS).unref());
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    clearInterval(this.#running.get(moduleId));
    this.#running.delete(moduleId);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const timer of this.#running.values()) clearInterval(timer);
    const lanes = new Map<Lane, TestModule[]>();
    for (const module of modules) {
      const lane = laneOf(module.moduleId);
      lanes.set(lane, [...(lanes.get(lane) ?? []), module]);
    }
    for (const [lane, files] of [...lanes].sort(([a], [b]) => a.localeCompare(b)))
      process.stdout.write(`${laneLine(lane, files)}\n`);
    process.stdout.write(`property tests: seed ${PROPERTY_SEED} (GOCHAT_PROPERTY_SEED)\n`);
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    for (const test of skipped) process.stdout.write(`skipped: ${test}\n`);
    if (this.#isCi && skipped.length > 0) {
      process.stdout.write('FAILED: CI=true allows no skipped test\n');
      process.exitCode = 1;
    }
  }
}

/** @returns `unit: 91 files, 1900 tests passed, 0 failed, 0 skipped, 73.2 s`; the time is the sum over all files */
function laneLine(lane: string, files: readonly TestModule[]): string {
  const count = (state: 'passed' | 'failed' | 'skipped') =>
    files.reduce((sum, file) => sum + [...file.children.allTests(state)].length, 0);
  const ms = files.reduce((sum, file) => sum + file.diagnostic().duration, 0);
  return (
    `${lane}: ${files.length} files, ${count('passed')} tests passed, ${count('failed')} failed, ` +
    `${count('skipped')} skipped, ${(ms / 1000).toFixed(1)} s`
  );
}
