import { expect, test } from 'vitest';
import { isPassed, runFaults } from '../src/faults/run.ts';

const FAULTS = 4;
/** Members that talk from the start. After each fault, each of them must have another message acknowledged. */
const MEMBERS = 3;
const seed = Number(process.env.GOCHAT_FAULTS_SEED ?? 1);

test(`${FAULTS} random faults: nothing lost, duplicated or reordered (GOCHAT_FAULTS_SEED=${seed})`, async () => {
  const lines: string[] = [];
  const report = await runFaults({ length: { faults: FAULTS }, seed, print: (line) => lines.push(line) });
  expect(isPassed(report), `${lines.join('\n')}\n${JSON.stringify(report)}`).toBe(true);
  expect(report).toMatchObject({
    seed,
    lost: 0,
    doubled: 0,
    disordered: 0,
    doubleWinners: 0,
    lostSwaps: 0,
    diverged: 0,
  });
  const seen = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
  expect(seen).toBeGreaterThan(0);
  expect(report.acked).toBeGreaterThanOrEqual(FAULTS * MEMBERS);
});
