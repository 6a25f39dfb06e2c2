import { isEmptyLine, startOf } from './block-starts.ts';
import { parseInline, type TextContext } from './inline-parser.ts';
import type { Align, Block } from './rich.ts';

/** A table with more columns is shown as it was written. */
const COLUMNS = 32;

type Table = Extract<Block, { kind: 'table' }>;

/** The table whose head is at this line, and the line after it. @param context undefined: its cells are not parsed. */
export function tableAt(
  lines: readonly string[],
  at: number,
  context: TextContext | undefined,
): { readonly table: Table; readonly end: number } | undefined {
  const under = lines[at + 1];
  if (under === undefined || !/^[ \t|:-]*-[ \t|:-]*$/.test(under) || !under.includes('|')) return undefined;
  const align = alignOf(under);
  const head = cellsOf(lines[at] ?? '');
  if (align === undefined || align.length !== head.length || head.length > COLUMNS) return undefined;
  if (context === undefined) return { table: { kind: 'table', align, head: [], rows: [] }, end: at + 2 };
  let end = at + 2;
  while (end < lines.length && !isEmptyLine(lines[end] ?? '') && startOf(lines[end] ?? '') === undefined)
    end++;
  const inline = (cells: readonly string[]) =>
    cells.slice(0, align.length).map((cell) => parseInline(cell, context));
  const rows = lines.slice(at + 2, end).map((line) => inline(cellsOf(line)));
  return { table: { kind: 'table', align, head: inline(head), rows }, end };
}

function alignOf(line: string): Align[] | undefined {
  const align: Align[] = [];
  for (const cell of cellsOf(line)) {
    const [, left, right] = /^(:?)-+(:?)$/.exec(cell) ?? [];
    if (left === undefined) return undefined;
    align.push(left === '' ? (right === '' ? undefined : 'right') : right === '' ? 'left' : 'center');
  }
  return align;
}

/** The texts between the bars of a line. A bar after a backslash is text. */
function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll('\\|', '|').trim());
}
