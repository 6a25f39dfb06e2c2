/** What a person waits for on their own device. */
export interface WaitRow {
  readonly case: string;
  readonly system: string;
  readonly perSecond?: number;
  /** Processor time of the measured processes for each message, in milliseconds; their start is part of it, except for a browser's. */
  readonly cpuMsEach?: number;
  readonly megabytesPerSecond?: number;
  /** Processor time of the command. */
  readonly cpuSeconds?: number;
  /** How much more memory the server has had at most than before, in megabytes. */
  readonly serverMegabytes?: number;
  /** The median of the whole time. */
  readonly ms?: number;
  /** The same of Node.js with an empty program, measured alternately with it. */
  readonly nodeMs?: number;
  /** The part of `cpuMsEach` that the thread of a page spends, which also draws it. */
  readonly pageMsEach?: number;
  /** The longest task of a page in any run, by the clock; 0 when none took more than 50 ms. */
  readonly longestTaskMs?: number;
  /** All tasks of a page that took more than 50 ms, of all runs. */
  readonly longTasksMs?: readonly number[];
  /** From the beginning of the delivery to the first line that says how much is read. */
  readonly progressMs?: number;
  /** That line. */
  readonly progress?: string;
}

/** The rows as text. */
export function waitTable(rows: readonly WaitRow[]): string {
  const figure = (value: number | undefined, unit: string, digits: number) =>
    value === undefined ? '' : `  ${value.toFixed(digits)} ${unit}`;
  return rows
    .map(
      (one) =>
        `${one.case} ${one.system}`.padEnd(32) +
        figure(one.perSecond, 'per second', 0) +
        figure(one.cpuMsEach, 'ms of CPU each', 3) +
        figure(one.ms, 'ms', 0) +
        figure(one.megabytesPerSecond, 'MB per second', 0) +
        figure(one.cpuSeconds, 's of CPU', 2) +
        figure(one.serverMegabytes, 'MB more memory of the server', 0) +
        figure(one.nodeMs, 'ms for an empty Node.js program', 0) +
        figure(one.pageMsEach, 'of them of the page', 2) +
        figure(one.longestTaskMs, 'ms the longest task', 0) +
        figure(one.longTasksMs?.length, 'tasks over 50 ms', 0) +
        figure(one.progressMs, 'ms to', 0) +
        (one.progress === undefined ? '' : ` “${one.progress}”`),
    )
    .join('\n');
}
