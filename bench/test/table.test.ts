import { describe, expect, test } from 'vitest';
import { figureOf } from '../src/client-side/figures.ts';
import { plot } from '../src/plot.ts';
import { bestRows, type Row, remarks } from '../src/rows.ts';
import { figureTable, isMissed, ratio, table } from '../src/table.ts';

const row = (system: string, more: Partial<Row> = {}): Row => ({
  case: 'fanout-1000-w10',
  system,
  deliveriesPerSecond: 1_000_000,
  cpuSecondsPerMillion: 1,
  p50Ms: 10,
  p99Ms: 20,
  lost: 0,
  generatorLoad: 0.5,
  ...more,
});

describe('ratios', () => {
  const own = row('gochat', { deliveriesPerSecond: 3_000_000 });

  test('the ratio of throughput is how many times more GoChat delivers', () => {
    expect(ratio(row('redis'), own)).toBe(3);
  });
  test('for memory and latency, less is better', () => {
    const idle = { case: 'idle-1000' };
    expect(
      ratio(
        { ...idle, system: 'ws', kbPerConnection: 12 },
        { ...idle, system: 'gochat', kbPerConnection: 4 },
      ),
    ).toBe(3);
    const at = { case: 'rate-1000-20' };
    expect(ratio(row('nats', { ...at, p50Ms: 9 }), row('gochat', { ...at, p50Ms: 6 }))).toBe(1.5);
  });
  test('GoChat has no ratio to itself, nor to a system without results', () => {
    expect(ratio(own, own)).toBeUndefined();
    expect(ratio(row('redis'), undefined)).toBeUndefined();
    expect(ratio(row('redis', { deliveriesPerSecond: 0 }), own)).toBeUndefined();
  });
});

describe('rounds', () => {
  test('the round that cost the server least counts, at the place of the first', () => {
    const rounds = [
      row('gochat', { cpuSecondsPerMillion: 2 }),
      row('redis'),
      row('gochat', { cpuSecondsPerMillion: 1.5 }),
      row('redis', { cpuSecondsPerMillion: 3 }),
    ];
    expect(bestRows(rounds).map((one) => [one.system, one.cpuSecondsPerMillion])).toEqual([
      ['gochat', 1.5],
      ['redis', 1],
    ]);
  });
  test('a loss in any round is kept', () => {
    const [best] = bestRows([row('ws', { cpuSecondsPerMillion: 5, lost: 7 }), row('ws')]);
    expect(best).toMatchObject({ cpuSecondsPerMillion: 1, lost: 7 });
  });
  test('a round that delivered nothing is never the best', () => {
    const [best] = bestRows([row('ws', { cpuSecondsPerMillion: 0 }), row('ws')]);
    expect(best?.cpuSecondsPerMillion).toBe(1);
  });
});

test('a row names what disturbed it', () => {
  expect(remarks(row('ws'))).toEqual([]);
  expect(remarks(row('ws', { generatorLoad: 1, otherLoad: 0.4, lost: 3 }))).toEqual([
    'generator saturated: a lower bound',
    'others took 0.40 cores',
    'lost 3',
  ]);
});

test('the table leaves out missing figures, and shows lost = 0', () => {
  const text = table([
    row('gochat', { deliveriesPerSecond: 2_000_000 }),
    row('redis', { generatorLoad: 0.99 }),
    { case: 'idle-1000', system: 'gochat', kbPerConnection: 3.456 },
  ]);
  expect(text).toBe(
    [
      'fanout-1000-w10',
      '  system  deliveries/s  server CPU-s/M  p50 ms  p99 ms  lost  generator  GoChat is',
      '  gochat         2.00M               1      10      20     0        0.5',
      '  redis          1.00M               1      10      20     0       0.99       2.0x  (generator saturated: a lower bound)',
      '',
      'idle-1000',
      '  system  kB/connection',
      '  gochat           3.46',
      '',
    ].join('\n'),
  );
});

test('a figure that misses its target is marked, whether more or less is better', () => {
  const slow = figureOf('start', 'ms', [300, 500, 450], { better: 'less', target: 400 });
  const quick = figureOf('rate', 'messages/s', [900], { better: 'more', target: 800 });
  expect([slow.median, slow.min, slow.max]).toEqual([450, 300, 500]);
  expect([isMissed(slow), isMissed(quick)]).toEqual([true, false]);
  expect(isMissed({ ...quick, median: 700 })).toBe(true);
  const [, start, rate] = figureTable([slow, quick]).split('\n');
  expect(start).toMatch(/start +450 ms +300 +500 +3 +400 +missed$/);
  expect(rate).not.toMatch(/missed/);
});

test('the plot has a bar for each system, shortest and cheapest first', () => {
  const svg = plot(
    [
      row('ws', { cpuSecondsPerMillion: 8 }),
      row('gochat', { cpuSecondsPerMillion: 0.9 }),
      row('other', { case: 'x' }),
    ],
    'fanout-1000-w10',
    'Cost',
  );
  expect([...svg.matchAll(/class="name"[^>]*>([^<]+)</g)].map(([, name]) => name)).toEqual(['gochat', 'ws']);
  const [own = 0, peer = 0] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  expect(peer).toBeGreaterThan(own);
  expect(own).toBeGreaterThan(0);
});
