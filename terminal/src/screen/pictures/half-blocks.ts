import { type Line, type Rgb, type Size, type Span, type Style, span } from '../draw/frame.ts';
import { type Pixels, scaled } from './pixels.ts';

/** A pixel that is less opaque shows the background. */
const OPAQUE = 128;

/** Draws a picture as text: each cell is two pixels, one above the other. */
export function halfBlocks(pixels: Pixels, { columns, rows }: Size): Line[] {
  const small = scaled(pixels, columns, rows * 2);
  return Array.from({ length: rows }, (_, row) => halfBlockLine(small, row));
}

function halfBlockLine(pixels: Pixels, row: number): Line {
  const line: Span[] = [];
  let text = '';
  let cell: Cell | undefined;
  for (let x = 0; x < pixels.width; x++) {
    const next = cellOf(colourAt(pixels, x, row * 2), colourAt(pixels, x, row * 2 + 1));
    if (cell !== undefined && (next.fg !== cell.fg || next.bg !== cell.bg || next.text !== cell.text)) {
      line.push(span(text, styleOf(cell)));
      text = '';
    }
    cell = next;
    text += cell.text;
  }
  if (cell !== undefined) line.push(span(text, styleOf(cell)));
  return line;
}

interface Cell {
  readonly text: string;
  readonly fg: Rgb | undefined;
  readonly bg: Rgb | undefined;
}

function cellOf(upper: Rgb | undefined, lower: Rgb | undefined): Cell {
  if (upper === lower) return { text: ' ', fg: undefined, bg: upper };
  if (upper === undefined) return { text: '▄', fg: lower, bg: undefined };
  return { text: '▀', fg: upper, bg: lower };
}

function styleOf({ fg, bg }: Cell): Style {
  return { ...(fg !== undefined && { fg }), ...(bg !== undefined && { bg }) };
}

function colourAt({ rgba, width }: Pixels, x: number, y: number): Rgb | undefined {
  const at = (y * width + x) * 4;
  if ((rgba[at + 3] ?? 0) < OPAQUE) return undefined;
  return ((rgba[at] ?? 0) << 16) | ((rgba[at + 1] ?? 0) << 8) | (rgba[at + 2] ?? 0);
}
