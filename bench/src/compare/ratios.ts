import { median } from '../client-side/figures.ts';

/** What one process has measured in one round: the samples of each case. */
export interface Samples {
  readonly round: number;
  readonly checkout: 'before' | 'now';
  /** What was measured, such as a room of some size. */
  readonly group: string;
  readonly cases: Readonly<Record<string, readonly number[]>>;
}

/**
 * A Markdown table with a row for each case: the medians of both checkouts over the rounds, and the median of the ratios within each
 * round, because other work on the machine changes from round to round.
 */
export function table(samples: readonly Samples[]): string {
  const groups = [...new Set(samples.map(({ group }) => group))];
  const rows = groups.flatMap((group) => {
    const of = samples.filter((one) => one.group === group);
    const names = [...new Set(of.flatMap(({ cases }) => Object.keys(cases)))];
    return names.map((name) => row(group, name, of));
  });
  return `| | | before | now | ratio |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function row(group: string, name: string, samples: readonly Samples[]): string {
  const [before, now] = [perRound(samples, 'before', name), perRound(samples, 'now', name)];
  const ratios = [...now].flatMap(([round, value]) => {
    const other = before.get(round);
    return other === undefined || other === 0 ? [] : [value / other];
  });
  const cells = [before, now].map((rounds) => (rounds.size === 0 ? '' : short(median([...rounds.values()]))));
  const ratio = ratios.length === 0 ? '' : median(ratios).toFixed(2);
  return `| ${group} | ${name} | ${cells.join(' | ')} | ${ratio} |`;
}

function perRound(
  samples: readonly Samples[],
  checkout: Samples['checkout'],
  name: string,
): Map<number, number> {
  const rounds = new Map<number, number>();
  for (const one of samples) {
    const values = one.cases[name];
    if (one.checkout === checkout && values !== undefined) rounds.set(one.round, median(values));
  }
  return rounds;
}

/** Whole numbers in full, others with three digits that count. */
function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}
