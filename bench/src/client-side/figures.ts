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
  if (samples.length === 0) throw new RangeError(`nothing was measured: ${name}`);
  const [min, max] = [Math.min(...samples), Math.max(...samples)];
  return { case: name, unit, median: median(samples), min, max, runs: samples.length, ...more };
}

/** @throws RangeError without a number */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  if (middle.length === 0) throw new RangeError('there is no median of nothing');
  return middle.reduce((sum, one) => sum + one, 0) / middle.length;
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
