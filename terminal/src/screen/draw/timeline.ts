import type { Row } from '@gochat/view/row';
import { type Line, span, withBackground } from './frame.ts';
import type { Gutter, RowLines } from './rows.ts';
import type { Symbols } from './symbols.ts';

/** A line of a row, by the row's key: it stays valid when rows are added above and below. */
export interface ScrollAnchor {
  readonly key: string;
  readonly line: number;
}

export interface TimelineLayout {
  readonly rows: readonly Row[];
  readonly gutter: Gutter;
  readonly height: number;
  readonly rowLines: RowLines;
}

/** The part of a timeline that is shown. */
export interface TimelineView {
  readonly lines: readonly Line[];
  /** The key of the row that each line is of; undefined for blank ones. */
  readonly keys: readonly (string | undefined)[];
  readonly first: ScrollAnchor | undefined;
  /** The key of the last row whose end is visible. */
  readonly last: string | undefined;
  /** How many rows are below, wholly or in part. */
  readonly below: number;
  readonly atTop: boolean;
}

interface LinePosition {
  readonly index: number;
  readonly line: number;
}

/** Lays out only the visible rows. @param top the first line to show; undefined: the end is shown */
export function timelineView(
  layout: TimelineLayout,
  top: ScrollAnchor | undefined,
  marked: {
    readonly focus: string | undefined;
    readonly target: string | undefined;
    readonly symbols: Symbols;
  },
): TimelineView {
  const { rows, height } = layout;
  const from = (top === undefined ? undefined : positionOf(layout, top)) ?? endPosition(layout);
  const lines: Line[] = [];
  const keys: (string | undefined)[] = [];
  let last: string | undefined;
  let index = from.index;
  let skip = from.line;
  let below = 0;
  for (; index < rows.length && lines.length < height; index++) {
    const row = rows[index];
    if (row === undefined) break;
    const all = linesOf(layout, index);
    const shown = all.slice(skip, skip + height - lines.length);
    for (const line of shown) {
      lines.push(decorated(line, row, marked));
      keys.push(row.key);
    }
    if (skip + shown.length === all.length) last = row.key;
    else below = 1;
    skip = 0;
  }
  below += rows.length - index;
  const blank = height - lines.length;
  const first = rows[from.index];
  return {
    lines: [...Array.from({ length: blank }, (): Line => []), ...lines],
    keys: [...Array.from({ length: blank }, () => undefined), ...keys],
    first: first === undefined ? undefined : { key: first.key, line: from.line },
    last,
    below,
    atTop: from.index === 0 && from.line === 0,
  };
}

/** The first line to show after scrolling; undefined when the end is reached. */
export function scrolled(
  layout: TimelineLayout,
  from: ScrollAnchor | undefined,
  by: number,
): ScrollAnchor | undefined {
  const end = endPosition(layout);
  const start = (from === undefined ? undefined : positionOf(layout, from)) ?? end;
  const position = by < 0 ? up(layout, start, -by) : down(layout, start, by);
  return isBefore(position, end) ? anchorOf(layout, position) : undefined;
}

/** The first line to show so that a row is visible: scrolled as little as possible, or so that it is at a third of the height when `centred`. */
export function revealed(
  layout: TimelineLayout,
  from: ScrollAnchor | undefined,
  key: string,
  centred: boolean,
): ScrollAnchor | undefined {
  const index = layout.rows.findIndex((row) => row.key === key);
  if (index === -1) return from;
  const end = endPosition(layout);
  const top = (from === undefined ? undefined : positionOf(layout, from)) ?? end;
  const own = { index, line: 0 };
  const size = linesOf(layout, index).length;
  const lowest = up(layout, own, Math.max(0, layout.height - size));
  let position = top;
  if (centred) position = up(layout, own, Math.floor(layout.height / 3));
  else if (isBefore(own, top)) position = own;
  else if (isBefore(top, lowest)) position = lowest;
  return isBefore(position, end) ? anchorOf(layout, position) : undefined;
}

function linesOf({ rows, rowLines, gutter }: TimelineLayout, index: number): readonly Line[] {
  const row = rows[index];
  return row === undefined ? [] : rowLines.of(row, gutter);
}

function positionOf(layout: TimelineLayout, { key, line }: ScrollAnchor): LinePosition | undefined {
  const index = layout.rows.findIndex((row) => row.key === key);
  if (index === -1) return undefined;
  const position = { index, line: Math.min(line, Math.max(0, linesOf(layout, index).length - 1)) };
  const end = endPosition(layout);
  return isBefore(position, end) ? position : end;
}

function anchorOf({ rows }: TimelineLayout, { index, line }: LinePosition): ScrollAnchor | undefined {
  const row = rows[index];
  return row === undefined ? undefined : { key: row.key, line };
}

/** The first line to show at the end of the timeline. */
function endPosition(layout: TimelineLayout): LinePosition {
  return up(layout, { index: layout.rows.length, line: 0 }, layout.height);
}

function up(layout: TimelineLayout, from: LinePosition, by: number): LinePosition {
  let { index, line } = from;
  let left = by;
  while (left > 0) {
    if (line >= left) return { index, line: line - left };
    left -= line;
    if (index === 0) return { index: 0, line: 0 };
    index -= 1;
    line = linesOf(layout, index).length;
  }
  return { index, line };
}

function down(layout: TimelineLayout, from: LinePosition, by: number): LinePosition {
  let { index, line } = from;
  let left = by;
  while (index < layout.rows.length) {
    const rest = linesOf(layout, index).length - line;
    if (left < rest) return { index, line: line + left };
    left -= rest;
    index += 1;
    line = 0;
  }
  return { index, line };
}

function isBefore(a: LinePosition, b: LinePosition): boolean {
  return a.index < b.index || (a.index === b.index && a.line < b.line);
}

function decorated(
  line: Line,
  row: Row,
  marked: { focus: string | undefined; target: string | undefined; symbols: Symbols },
): Line {
  const focused = row.key === marked.focus;
  if (!focused && row.key !== marked.target) return line;
  const [mark, ...rest] = line;
  const sign = span(marked.symbols.focus, { fg: focused ? 'accent' : 'warn', bold: true });
  // The first cell is free for a mark, except in rows without a gutter.
  const begun = mark?.text.length === 1 ? [sign, ...rest] : line;
  return withBackground(begun, 'focus');
}
