import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runFuzz } from '../src/fuzz/run.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';

const SECONDS = 12;
const seed = Number(process.env.GOCHAT_FUZZ_SEED ?? Date.now() % 2 ** 31);
const PLANTED = fileURLToPath(new URL('../src/fuzz/planted-process.ts', import.meta.url));

test(`mutated bytes crash and hang nothing (GOCHAT_FUZZ_SEED=${seed})`, async () => {
  buildGochat();
  const told: string[] = [];
  const report = await runFuzz({ seconds: SECONDS, seed, tell: (line) => told.push(line) });
  expect(report, told.join('\n')).toMatchObject({ seed, crashes: 0, hangs: 0 });
  expect(report.cases).toBeGreaterThan(5_000);
  // Each of them had its turns.
  expect(Object.keys(report.byTarget)).toHaveLength(11);
  for (const cases of Object.values(report.byTarget)) expect(cases).toBeGreaterThan(0);
}, 180_000);

test('a crash, a death and a hang are each found, and the run goes on behind them', async () => {
  const told: string[] = [];
  const report = await runFuzz({ seconds: 120, seed: 1, script: PLANTED, tell: (line) => told.push(line) });
  expect(report).toMatchObject({ seed: 1, crashes: 2, hangs: 1, cases: 20 });
  expect(told.join('\n')).toMatch(/planted, case 7: planted[\s\S]*died at planted[\s\S]*hung at planted/);
}, 120_000);
