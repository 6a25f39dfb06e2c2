/** What one case of the benchmark costs, over several runs. */
export interface Figure {
  readonly case: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** Of the process that was measured, over all runs together. */
  readonly cpuSeconds?: number;
  /** In the figure's unit. */
  readonly target?: number;
  /** Which way is good. */
  readonly better: 'less' | 'more';
}

/** How much is measured, and where to report progress. */
export interface Occasion {
  /** Fewer cases, fewer runs. */
  readonly quick: boolean;
  /** Takes one line, without its end. */
  tell(line: string): void;
}

/** The figure of one sample for each run, in `unit`. @throws RangeError without a sample */
export function figureOf(
  name: string,
  unit: string,
  samples: readonly number[],
  more: Pick<Figure, 'better' | 'target' | 'cpuSeconds'>,
): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  if (min === undefined || max === undefined) throw new RangeError(`nothing was measured: ${name}`);
  const median = middle.reduce((sum, one) => sum + one, 0) / middle.length;
  return { case: name, unit, median, min, max, runs: sorted.length, ...more };
}

/** Adds up the wall and CPU time of what this process does. */
export class Stopwatch {
  /** Milliseconds. */
  wall = 0;
  /** Seconds, of all threads. */
  cpu = 0;

  async time<T>(work: () => Promise<T>): Promise<T> {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const result = await work();
    this.wall += performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    this.cpu += (user + system) / 1e6;
    return result;
  }
}
