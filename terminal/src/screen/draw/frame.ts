import { glyphs, head, widthOf } from './width.ts';

/** The role of a text colour. A theme has the colour. */
export type Foreground =
  | 'dim'
  | 'accent'
  | 'good'
  | 'bad'
  | 'warn'
  | 'code'
  | 'keyword'
  | 'string'
  | 'number'
  | 'comment'
  | 'link'
  /** A QR code: light modules on dark ones, in every theme. */
  | 'paper'
  | `nick${number}`;
export type Background = 'bar' | 'box' | 'focus' | 'chosen' | 'paper';

/** A colour of a picture, as the number 0xRRGGBB. Terminals with sixteen colours or fewer show none. */
export type Rgb = number;

export interface Style {
  readonly fg?: Foreground | Rgb | undefined;
  readonly bg?: Background | Rgb | undefined;
  readonly bold?: boolean | undefined;
  readonly italic?: boolean | undefined;
  readonly underline?: boolean | undefined;
  readonly strike?: boolean | undefined;
  readonly inverse?: boolean | undefined;
  /** The address of a link. */
  readonly link?: string | undefined;
  /** The low byte of a picture's id, 1 to 255: the text is placeholders of that picture, by kitty's graphics protocol. */
  readonly picture?: number | undefined;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One row of a screen, from the left. */
export type Line = readonly Span[];

/** A picture that the terminal draws over the text. */
export interface OverText {
  /** The first cell. */
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  /** What draws it at the cursor. */
  readonly sequence: string;
}

/** The content of a screen: a line for each row, as wide as the screen. */
export interface Frame {
  readonly lines: readonly Line[];
  /** The cursor's cell, from 0; undefined when it is hidden. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
  readonly over?: OverText | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export const PLAIN: Style = {};

export function span(text: string, style: Style = PLAIN): Span {
  return { text, style };
}

export function lineWidth(line: Line): number {
  let width = 0;
  for (const { text } of line) width += widthOf(text);
  return width;
}

/** The line cut or padded to exactly `cells`. */
export function fit(line: Line, cells: number, fill: Style = PLAIN): Line {
  const made: Span[] = [];
  let left = cells;
  for (const one of line) {
    const width = widthOf(one.text);
    if (width > left) {
      const text = head(one.text, left);
      made.push({ text, style: one.style });
      left -= widthOf(text);
      break;
    }
    made.push(one);
    left -= width;
  }
  if (left > 0) made.push({ text: ' '.repeat(left), style: fill });
  return made;
}

/** The part of a line between two columns. A glyph that is cut in two becomes blanks. */
function cut(line: Line, from: number, to: number): Line {
  const made: Span[] = [];
  let column = 0;
  for (const { text, style } of line) {
    let taken = '';
    for (const glyph of glyphs(text)) {
      const end = column + glyph.width;
      if (column >= from && end <= to) taken += glyph.text;
      else if (end > from && column < to) taken += ' '.repeat(Math.min(end, to) - Math.max(column, from));
      column = end;
    }
    if (taken !== '') made.push({ text: taken, style });
  }
  return made;
}

/** Lays `box` over lines. All lines of a box have the same width. */
export function overlay(lines: readonly Line[], box: readonly Line[], top: number, left: number): Line[] {
  return lines.map((line, row) => {
    const over = box[row - top];
    if (over === undefined) return line;
    return [...cut(line, 0, left), ...over, ...cut(line, left + lineWidth(over), Number.MAX_SAFE_INTEGER)];
  });
}

/** The line with a background for every span that has none. */
export function withBackground(line: Line, background: Background): Line {
  return line.map((one) =>
    one.style.bg === undefined ? { text: one.text, style: { ...one.style, bg: background } } : one,
  );
}

/** Two lines at the ends of a row. The left one is cut when there is too little space. */
export function ends(left: Line, right: Line, cells: number, fill: Style = PLAIN): Line {
  const width = Math.min(lineWidth(right), cells);
  return [...fit(left, cells - width, fill), ...fit(right, width, fill)];
}
