import { parseArgs } from 'node:util';

/** How long a suite of random cases runs, and which cases. */
export interface RunOptions {
  readonly seconds: number;
  /** The number of faults after which the run ends, in place of the time. */
  readonly faults?: number;
  readonly seed: number;
  /** Only the cases of these names; all of them if empty. */
  readonly only: readonly string[];
}

const SECONDS = 60;
const MOST_SECONDS = 24 * 3_600;
const MOST_FAULTS = 1_000_000;
const SEEDS = 2 ** 31;

/**
 * Reads `--seconds N --faults N --seed N --only NAME`; `--only` may be repeated. Without `--seed` the seed is random.
 * @param names the names that `--only` takes
 * @throws TypeError when an option is unknown or its value is invalid
 */
export function readRunOptions(args: readonly string[], names: readonly string[] = []): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      faults: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  const unknown = values.only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new TypeError(
      names.length === 0
        ? `there is no --only ${unknown}`
        : `--only is one of ${names.join(', ')}, not ${unknown}`,
    );
  return {
    only: values.only,
    seconds:
      values.seconds === undefined ? SECONDS : readNumber('--seconds', values.seconds, 1, MOST_SECONDS),
    ...(values.faults !== undefined && { faults: readNumber('--faults', values.faults, 1, MOST_FAULTS) }),
    seed:
      values.seed === undefined
        ? Math.floor(Math.random() * SEEDS)
        : readNumber('--seed', values.seed, 0, SEEDS),
  };
}

function readNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= least && value <= most) return value;
  throw new TypeError(`${option} is a whole number from ${least} to ${most}, not ${text}`);
}
