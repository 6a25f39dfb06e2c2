import { expect, test } from 'vitest';
import { SCENARIOS } from './precedence-scenarios.ts';
import { tableUnder } from './protocol-page.ts';

const [, ...table] = tableUnder('Order of checks');
const rows = table.map(([request = '', checks = '']) => ({
  request: request.replaceAll('`', ''),
  checks: checksIn(checks),
}));

/** The checks of a row, without code style. Where the order continues in another row, those before. */
function checksIn(cell: string): string[] {
  const [checks = ''] = cell.replaceAll(/[`*]/g, '').split(', then as one of');
  return checks.split(/, (?![^(]*\))/);
}

/** Rows that no single server can show, and those without an order. */
const OTHERS: Readonly<Record<string, string>> = {
  'post, base is later than what this node knows': 'needs two nodes: posting.test.ts has them',
  wake: 'one check: handshaking.test.ts',
  'exit, ping': 'no check',
};

test('the table has the rows that are known here', () => {
  expect(rows.map(({ request }) => request).sort()).toEqual(
    [...Object.keys(SCENARIOS), ...Object.keys(OTHERS)].sort(),
  );
});

const cases = rows.flatMap(({ request, checks }) => {
  const { untested = {} } = SCENARIOS[request] ?? {};
  return request in SCENARIOS
    ? [{ request, checks, tested: checks.filter((check) => !(check in untested)) }]
    : [];
});

test('what is not tested is in the table', () => {
  for (const { request, checks } of cases)
    expect(checks).toEqual(expect.arrayContaining(Object.keys(SCENARIOS[request]?.untested ?? {})));
});

test.each(cases)('$request: the first of several errors is answered', async ({ request, tested }) => {
  const scenario = SCENARIOS[request];
  const answers: (string | undefined)[] = [];
  for (let first = 0; first < tested.length; first += 1)
    answers.push(await scenario?.answer(new Set(tested.slice(first))));
  expect(answers).toEqual(tested.map((check) => check.split(' ')[0]));
  if (scenario?.clear !== undefined) expect(await scenario.answer(new Set())).toBe(scenario.clear);
});
