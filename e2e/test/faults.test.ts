import { expect, test } from 'vitest';
import { isPassed, runFaults } from '../src/faults/run.ts';

const SECONDS = 12;
const seed = Number(process.env.GOCHAT_FAULTS_SEED ?? Date.now() % 2 ** 31);

test(`faults at random for ${SECONDS} s: nothing lost, doubled or disordered (GOCHAT_FAULTS_SEED=${seed})`, async () => {
  const told: string[] = [];
  const report = await runFaults({ seconds: SECONDS, seed, tell: (line) => told.push(line) });
  expect(isPassed(report), `${told.join('\n')}\n${JSON.stringify(report)}`).toBe(true);
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
  expect(report.acked).toBeGreaterThan(100);
}, 240_000);
