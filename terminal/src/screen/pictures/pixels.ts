import type { Size } from '../draw/frame.ts';

/** A decoded picture: four bytes for each pixel, in rows from the top; alpha is not multiplied in. */
export interface Pixels {
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * How many cells a picture takes: its shape is kept, for cells that are twice as high as wide, and no pixel is wider than a cell.
 * @param width in pixels, from 1
 * @param most at least one column and row
 */
export function boxOf(width: number, height: number, most: Size): Size {
  const scale = Math.min(1, most.columns / width, (most.rows * 2) / height);
  return {
    columns: Math.max(1, Math.min(most.columns, Math.round(width * scale))),
    rows: Math.max(1, Math.min(most.rows, Math.round((height * scale) / 2))),
  };
}

/** The picture in another size: each pixel is the mean of those that it covers. */
export function scaled(pixels: Pixels, width: number, height: number): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  const rgba = new Uint8Array(width * height * 4);
  const columns = spansOf(pixels.width, width);
  const rows = spansOf(pixels.height, height);
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      mean(pixels, column, row, rgba, (y * width + x) * 4);
    });
  });
  return { rgba, width, height };
}

/** The picture, made smaller if it is larger than this; its shape is kept. */
export function scaledInto(
  pixels: Pixels,
  most: { readonly width: number; readonly height: number },
): Pixels {
  const scale = Math.min(1, most.width / pixels.width, most.height / pixels.height);
  return scaled(
    pixels,
    Math.max(1, Math.floor(pixels.width * scale)),
    Math.max(1, Math.floor(pixels.height * scale)),
  );
}

type Range = readonly [from: number, to: number];

/** Which of `from` pixels each of `to` pixels covers; at least one. */
function spansOf(from: number, to: number): readonly Range[] {
  return Array.from({ length: to }, (_, i) => {
    const begin = Math.floor((i * from) / to);
    return [begin, Math.max(begin + 1, Math.floor(((i + 1) * from) / to))];
  });
}

/** Writes the mean of some pixels. What is transparent has no part in the colour. */
function mean(
  { rgba, width }: Pixels,
  [left, right]: Range,
  [top, bottom]: Range,
  to: Uint8Array,
  at: number,
): void {
  let [red, green, blue, alpha] = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let i = (y * width + left) * 4; i < (y * width + right) * 4; i += 4) {
      const weight = rgba[i + 3] ?? 0;
      red += (rgba[i] ?? 0) * weight;
      green += (rgba[i + 1] ?? 0) * weight;
      blue += (rgba[i + 2] ?? 0) * weight;
      alpha += weight;
    }
  }
  const count = (right - left) * (bottom - top);
  const by = Math.max(1, alpha);
  to[at] = Math.round(red / by);
  to[at + 1] = Math.round(green / by);
  to[at + 2] = Math.round(blue / by);
  to[at + 3] = Math.round(alpha / count);
}
