import type { Row } from '@gochat/view/row';
import { type Line, on, span } from './frame.ts';
import type { Gutter, RowLines } from './rows.ts';
import type { Marks } from './symbols.ts';

/** A line of a row, by the row's key: it stays the same place whatever comes above and below. */
export interface ScrollAnchor {
  readonly key: string;
  readonly line: number;
}

export interface TimelineLook {
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
  /** The last row that is shown to its end. */
  readonly last: string | undefined;
  /** Rows that begin or go on below. */
  readonly below: number;
  readonly atTop: boolean;
}

interface Spot {
  readonly index: number;
  readonly line: number;
}

/** Lays out what is visible and nothing else. @param top the first line to show; undefined: the end is shown */
export function timelineView(
  look: TimelineLook,
  top: ScrollAnchor | undefined,
  marked: { readonly focus: string | undefined; readonly target: string | undefined; readonly marks: Marks },
): TimelineView {
  const { rows, height } = look;
  const from = (top === undefined ? undefined : spotOf(look, top)) ?? endSpot(look);
  const lines: Line[] = [];
  const keys: (string | undefined)[] = [];
  let last: string | undefined;
  let index = from.index;
  let skip = from.line;
  let below = 0;
  for (; index < rows.length && lines.length < height; index++) {
    const row = rows[index];
    if (row === undefined) break;
    const all = linesOf(look, index);
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
  look: TimelineLook,
  from: ScrollAnchor | undefined,
  by: number,
): ScrollAnchor | undefined {
  const end = endSpot(look);
  const start = (from === undefined ? undefined : spotOf(look, from)) ?? end;
  const spot = by < 0 ? up(look, start, -by) : down(look, start, by);
  return isBefore(spot, end) ? placeOf(look, spot) : undefined;
}

/** The first line to show so that a row is on the screen, moved as little as can be; at a third of it when `centred`. */
export function revealed(
  look: TimelineLook,
  from: ScrollAnchor | undefined,
  key: string,
  centred: boolean,
): ScrollAnchor | undefined {
  const index = look.rows.findIndex((row) => row.key === key);
  if (index === -1) return from;
  const end = endSpot(look);
  const top = (from === undefined ? undefined : spotOf(look, from)) ?? end;
  const own = { index, line: 0 };
  const size = linesOf(look, index).length;
  const lowest = up(look, own, Math.max(0, look.height - size));
  let spot = top;
  if (centred) spot = up(look, own, Math.floor(look.height / 3));
  else if (isBefore(own, top)) spot = own;
  else if (isBefore(top, lowest)) spot = lowest;
  return isBefore(spot, end) ? placeOf(look, spot) : undefined;
}

function linesOf({ rows, rowLines, gutter }: TimelineLook, index: number): readonly Line[] {
  const row = rows[index];
  return row === undefined ? [] : rowLines.of(row, gutter);
}

function spotOf(look: TimelineLook, { key, line }: ScrollAnchor): Spot | undefined {
  const index = look.rows.findIndex((row) => row.key === key);
  if (index === -1) return undefined;
  const spot = { index, line: Math.min(line, Math.max(0, linesOf(look, index).length - 1)) };
  const end = endSpot(look);
  return isBefore(spot, end) ? spot : end;
}

function placeOf({ rows }: TimelineLook, { index, line }: Spot): ScrollAnchor | undefined {
  const row = rows[index];
  return row === undefined ? undefined : { key: row.key, line };
}

/** From where on the rest fills the screen. */
function endSpot(look: TimelineLook): Spot {
  return up(look, { index: look.rows.length, line: 0 }, look.height);
}

function up(look: TimelineLook, from: Spot, by: number): Spot {
  let { index, line } = from;
  let left = by;
  while (left > 0) {
    if (line >= left) return { index, line: line - left };
    left -= line;
    if (index === 0) return { index: 0, line: 0 };
    index -= 1;
    line = linesOf(look, index).length;
  }
  return { index, line };
}

function down(look: TimelineLook, from: Spot, by: number): Spot {
  let { index, line } = from;
  let left = by;
  while (index < look.rows.length) {
    const rest = linesOf(look, index).length - line;
    if (left < rest) return { index, line: line + left };
    left -= rest;
    index += 1;
    line = 0;
  }
  return { index, line };
}

function isBefore(a: Spot, b: Spot): boolean {
  return a.index < b.index || (a.index === b.index && a.line < b.line);
}

function decorated(
  line: Line,
  row: Row,
  marked: { focus: string | undefined; target: string | undefined; marks: Marks },
): Line {
  const focused = row.key === marked.focus;
  if (!focused && row.key !== marked.target) return line;
  const [mark, ...rest] = line;
  const sign = span(marked.marks.focus, { ink: focused ? 'accent' : 'warn', bold: true });
  // The first cell is a mark's, except in rows without a gutter.
  const begun = mark?.text.length === 1 ? [sign, ...rest] : line;
  return on(begun, 'focus');
}
