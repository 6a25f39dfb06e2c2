import type { Align, Block, Cell } from '@gochat/view/rich';
import { fit, type Line, lineWidth, PLAIN, type Style, span } from './frame.ts';
import { inlineSpans } from './inline-spans.ts';
import type { Symbols } from './symbols.ts';
import { MOST_LINES, wrap } from './wrap.ts';

type Table = Extract<Block, { kind: 'table' }>;

/** A column isn't made narrower, while there is space. */
const LEAST = 3;
/** Wider cells are broken in any case. */
const MOST = 200;

/** The lines of a table; a cell that is too wide takes several. */
export function tableLines(table: Table, width: number, { side, line: rule }: Symbols): Line[] {
  const dim: Style = { fg: 'dim' };
  const columns = table.head.length;
  const wide = [table.head, ...table.rows].map((row) => table.head.map((_, i) => row[i] ?? []));
  const natural = table.head.map((_, i) => Math.max(1, ...wide.map((row) => widest(row[i] ?? []))));
  const widths = shrunk(natural, Math.max(columns, width - 3 * (columns - 1)));
  const lines: Line[] = [];
  for (const [n, row] of wide.entries()) {
    const cells = row.map((cell, i) =>
      wrap([...inlineSpans(cell, n === 0 ? { bold: true } : PLAIN)], widths[i] ?? 1),
    );
    const height = Math.max(...cells.map((cell) => cell.length));
    for (let y = 0; y < height; y++)
      lines.push(
        cells.flatMap((cell, i) => [
          ...(i === 0 ? [] : [span(` ${side} `, dim)]),
          ...aligned(cell[y] ?? [], widths[i] ?? 1, table.align[i]),
        ]),
      );
    if (n === 0) {
      const all = widths.reduce((sum, one) => sum + one, 3 * (columns - 1));
      lines.push([span(rule.repeat(all), dim)]);
    }
    if (lines.length > MOST_LINES) break;
  }
  // With more columns than the screen has cells, what doesn't fit is cut.
  return lines.map((line) => (lineWidth(line) > width ? fit(line, width) : line));
}

function widest(cell: Cell): number {
  return Math.max(0, ...wrap([...inlineSpans(cell, PLAIN)], MOST).map(lineWidth));
}

/** Widths of at most `cells` in all: the widest columns give first. */
function shrunk(natural: readonly number[], cells: number): number[] {
  let most = Math.max(...natural);
  const sum = () => natural.reduce((all, one) => all + Math.min(one, most), 0);
  while (sum() > cells && most > LEAST) most--;
  if (sum() > cells) most = Math.max(1, Math.floor(cells / natural.length));
  return natural.map((one) => Math.min(one, most));
}

function aligned(line: Line, cells: number, align: Align): Line {
  const spare = Math.max(0, cells - lineWidth(line));
  const left = align === 'right' ? spare : align === 'center' ? Math.floor(spare / 2) : 0;
  return fit([span(' '.repeat(left)), ...line], cells);
}
