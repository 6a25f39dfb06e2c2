import { expect, test } from 'vitest';
import { gathers, ofDevices, REFUSED } from './fuzz/device-operations.ts';
import { Fuzz } from './fuzz/fuzz.ts';
import { hostile } from './fuzz/hostile-operations.ts';
import { OVERREACHED, ofOffices } from './fuzz/office-operations.ts';
import { audits, comesBack, honest, type Operation, settles } from './fuzz/operations.ts';

/** GOCHAT_SEED replaces these seeds with one, GOCHAT_FUZZ_SEEDS with so many; GOCHAT_FUZZ_STEPS sets the number of steps. */
const { GOCHAT_SEED, GOCHAT_FUZZ_SEEDS, GOCHAT_FUZZ_STEPS } = process.env;
const many = Array.from({ length: Number(GOCHAT_FUZZ_SEEDS ?? 2) }, (_, i) => i + 1);
const seeds = GOCHAT_SEED === undefined ? many : [Number(GOCHAT_SEED)];
const steps = Number(GOCHAT_FUZZ_STEPS ?? 40);
const operations = [...honest, ...hostile, ...ofDevices, ...ofOffices];

function next(fuzz: Fuzz): Operation[1] {
  let at = fuzz.env.chance() * operations.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, run] of operations) {
    at -= weight;
    if (at < 0) return run;
  }
  throw new Error('no operation');
}

/** What some seed has tried. */
const tried = new Set<string>();

test.each(seeds)(
  `seed %i: ${steps} random steps leave each member where the rules put it`,
  async (seed) => {
    const fuzz = new Fuzz(seed);
    await fuzz.begins();
    await gathers(fuzz);
    for (let step = 1; step <= steps; step += 1) {
      const run = next(fuzz);
      try {
        await run(fuzz);
        if (fuzz.happens(0.4)) await audits(fuzz);
        if (fuzz.happens(0.5)) await comesBack(fuzz);
        await fuzz.checksAll();
        if (!fuzz.isAlive) await fuzz.moves();
        if (fuzz.devices.length === 1 && fuzz.happens(0.2)) await gathers(fuzz);
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}: ${run.name}`, { cause: error });
      }
    }
    await settles(fuzz);
    process.stdout.write(`seed ${seed}: ${JSON.stringify(Object.fromEntries(fuzz.counts))}\n`);
    expect(fuzz.majority.length).toBeGreaterThan(0);
    for (const what of fuzz.counts.keys()) tried.add(what);
  },
  3_600_000,
);

// Few steps don't come to all of them.
if (steps * seeds.length >= 10_000)
  test('each own join and each overreach that members have to refuse was tried', () => {
    expect([...REFUSED, ...OVERREACHED].filter((what) => !tried.has(what))).toEqual([]);
  });
