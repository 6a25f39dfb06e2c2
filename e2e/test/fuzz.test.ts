import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runFuzz } from '../src/fuzz/run.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';

/** Of each target. */
const CASES = 500;
const MOST_SECONDS = 600;
const seed = Number(process.env.GOCHAT_FUZZ_SEED ?? 1);
const PLANTED = fileURLToPath(new URL('../src/fuzz/planted-process.ts', import.meta.url));

test(`mutated bytes crash and hang nothing (GOCHAT_FUZZ_SEED=${seed})`, async () => {
  buildGochat();
  const lines: string[] = [];
  const report = await runFuzz({
    seconds: MOST_SECONDS,
    cases: CASES,
    seed,
    print: (line) => lines.push(line),
  });
  expect(report, lines.join('\n')).toMatchObject({ seed, crashes: 0, hangs: 0 });
  expect(Object.values(report.byTarget)).toEqual(Array.from({ length: 12 }, () => CASES));
});

test('a crash, a death and a hang are each found, and the run continues after them', async () => {
  const lines: string[] = [];
  const report = await runFuzz({
    seconds: MOST_SECONDS,
    seed: 1,
    script: PLANTED,
    hangMs: 5_000,
    print: (line) => lines.push(line),
  });
  expect(report).toMatchObject({ seed: 1, crashes: 2, hangs: 1, cases: 20 });
  expect(lines.join('\n')).toMatch(/planted, case 7: planted[\s\S]*died at planted[\s\S]*hung at planted/);
});
