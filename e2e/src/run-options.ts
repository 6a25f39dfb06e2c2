import { parseArgs } from 'node:util';

/** How long a suite of random cases runs, and which. */
export interface RunOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Only what is called so; everything where it is empty. */
  readonly only: readonly string[];
}

const SECONDS = 60;
const MOST_SECONDS = 24 * 3_600;
const SEEDS = 2 ** 31;

/**
 * `--seconds N --seed N --only NAME`, the last as often as wanted; without a seed it is another one each time.
 * @param names what `--only` may name
 * @throws TypeError when they can't be read
 */
export function readRunOptions(args: readonly string[], names: readonly string[] = []): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
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
