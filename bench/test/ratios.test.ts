import { expect, test } from 'vitest';
import { type Samples, table } from '../src/compare/ratios.ts';

const round = (at: number, before: readonly number[], now: readonly number[]): Samples[] => [
  { round: at, checkout: 'before', group: '2 members', cases: { 'making a heal, ms': before } },
  { round: at, checkout: 'now', group: '2 members', cases: { 'making a heal, ms': now } },
];

function cellsOf(samples: readonly Samples[]): string[][] {
  const [, , ...rows] = table(samples).trimEnd().split('\n');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('a ratio is that of the rounds, however fast the machine was in each', () => {
  const samples = [...round(0, [10], [20]), ...round(1, [100], [200]), ...round(2, [40], [80])];
  expect(cellsOf(samples)).toEqual([['2 members', 'making a heal, ms', '40', '80', '2.00']]);
});

test('of a round counts the median of its samples', () => {
  expect(cellsOf(round(0, [1, 3, 900], [6, 4, 5, 700]))).toEqual([
    ['2 members', 'making a heal, ms', '3', '5.5', '1.83'],
  ]);
});

test('a case that only one checkout has, or that took no time before, has no ratio', () => {
  const [before] = round(0, [1], [1]);
  expect(before && cellsOf([before])).toEqual([['2 members', 'making a heal, ms', '1', '', '']]);
  expect(cellsOf(round(0, [0], [1]))).toEqual([['2 members', 'making a heal, ms', '0', '1', '']]);
});

test('each group has its rows', () => {
  const small = round(0, [1], [1]);
  const large = small.map((one) => ({ ...one, group: '1000 members' }));
  expect(cellsOf([...small, ...large]).map(([group]) => group)).toEqual(['2 members', '1000 members']);
});
