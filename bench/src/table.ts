import type { Figure } from './client-side/figures.ts';
import { type Row, remarks } from './rows.ts';

type Column = readonly [title: string, text: (row: Row, gochat: Row | undefined) => string];

/** With three digits that count. */
function short(value: number | undefined, unit = ''): string {
  if (value === undefined) return '';
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M${unit}`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k${unit}`;
  if (value >= 100) return `${Math.round(value)}${unit}`;
  return `${Number(value.toPrecision(3))}${unit}`;
}

/** The ratio of GoChat to this system; above 1, GoChat is better. */
export function ratio(row: Row, gochat: Row | undefined): number | undefined {
  if (gochat === undefined || gochat.system === row.system) return undefined;
  if (row.case.startsWith('rate')) return over(row.p50Ms, gochat.p50Ms);
  if (row.kbPerConnection !== undefined) return over(row.kbPerConnection, gochat.kbPerConnection);
  if (row.postsPerSecond !== undefined) return over(gochat.postsPerSecond, row.postsPerSecond);
  return over(gochat.deliveriesPerSecond, row.deliveriesPerSecond);
}

function over(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

const COLUMNS: readonly Column[] = [
  ['system', (row) => row.system],
  ['deliveries/s', (row) => short(row.deliveriesPerSecond)],
  ['server CPU-s/M', (row) => short(row.cpuSecondsPerMillion)],
  ['p50 ms', (row) => short(row.p50Ms)],
  ['p99 ms', (row) => short(row.p99Ms)],
  ['posts/s', (row) => short(row.postsPerSecond)],
  ['messages/s', (row) => short(row.messagesPerSecond)],
  ['kB/connection', (row) => short(row.kbPerConnection)],
  ['server CPU-s', (row) => short(row.cpuSeconds)],
  ['lost', (row) => (row.lost === undefined ? '' : String(row.lost))],
  ['generator', (row) => short(row.generatorLoad)],
  ['GoChat is', (row, gochat) => times(ratio(row, gochat))],
];

function times(value: number | undefined): string {
  return value === undefined ? '' : `${value.toPrecision(2)}x`;
}

/** The rows by case, as text; columns in which a case has nothing are left out. */
export function table(rows: readonly Row[]): string {
  const cases = [...new Set(rows.map((row) => row.case))];
  return cases
    .map((name) =>
      tableOf(
        name,
        rows.filter((row) => row.case === name),
      ),
    )
    .join('\n');
}

function tableOf(name: string, rows: readonly Row[]): string {
  const gochat = rows.find((row) => row.system === 'gochat');
  const filled = COLUMNS.map(([title, text]) => [title, ...rows.map((row) => text(row, gochat))]).filter(
    ([, ...cells]) => cells.some((cell) => cell !== ''),
  );
  const said = rows.map((row) => remarks(row).join('; ')).map((text) => (text === '' ? '' : `  (${text})`));
  const lines = aligned(filled).map((line, i) => `${line}${said[i - 1] ?? ''}`);
  return `${name}\n${lines.join('\n')}\n`;
}

/** What was measured on the user's own device. */
export function figureTable(figures: readonly Figure[]): string {
  if (figures.length === 0) return '';
  const columns = [
    ['on the device', ...figures.map((figure) => figure.case)],
    ['median', ...figures.map((figure) => `${short(figure.median)} ${figure.unit}`)],
    ['least', ...figures.map((figure) => short(figure.min))],
    ['most', ...figures.map((figure) => short(figure.max))],
    ['runs', ...figures.map((figure) => String(figure.runs))],
    ['CPU-s', ...figures.map((figure) => short(figure.cpuSeconds))],
    ['target', ...figures.map((figure) => short(figure.target))],
    ['', ...figures.map((figure) => (isMissed(figure) ? 'missed' : ''))],
  ];
  return `${aligned(columns).join('\n')}\n`;
}

export function isMissed({ median, target, better }: Figure): boolean {
  if (target === undefined) return false;
  return better === 'less' ? median > target : median < target;
}

/** The lines of columns of cells, the first of which is set to the left. */
function aligned(columns: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  const [first = []] = columns;
  return first.map((_, i) => {
    const cells = columns.map((column, c) =>
      c === 0 ? (column[i] ?? '').padEnd(widths[c] ?? 0) : (column[i] ?? '').padStart(widths[c] ?? 0),
    );
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
