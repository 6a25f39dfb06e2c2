import { describe, expect, test } from 'vitest';
import type { Line } from '../../../src/screen/draw/frame.ts';
import { halfBlocks } from '../../../src/screen/pictures/half-blocks.ts';
import { boxOf, type Pixels, scaled, scaledInto } from '../../../src/screen/pictures/pixels.ts';

function picture(width: number, height: number, at: (x: number, y: number) => readonly number[]): Pixels {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rgba.set(at(x, y), (y * width + x) * 4);
  return { rgba, width, height };
}

test.each([
  // A cell is twice as high as wide.
  [1600, 1200, 32, 12],
  [1200, 1600, 18, 12],
  [1600, 400, 40, 5],
  [100_000, 10, 40, 1],
  [10, 100_000, 1, 12],
  // No pixel is wider than a cell.
  [16, 16, 16, 8],
  [1, 1, 1, 1],
])('a picture of %d × %d pixels takes %d × %d cells', (width, height, columns, rows) => {
  expect(boxOf(width, height, { columns: 40, rows: 12 })).toEqual({ columns, rows });
});

test('a picture is never larger than its place', () => {
  const shapes = [
    [1, 1],
    [3, 5000],
    [5000, 3],
    [640, 480],
  ] as const;
  for (const columns of [1, 2, 7, 300])
    for (const rows of [1, 2, 11])
      for (const [width, height] of shapes) {
        const box = boxOf(width, height, { columns, rows });
        expect(box.columns).toBeLessThanOrEqual(columns);
        expect(box.rows).toBeLessThanOrEqual(rows);
        expect(Math.min(box.columns, box.rows)).toBeGreaterThanOrEqual(1);
      }
});

describe('another size', () => {
  test('is made of means, in which what is transparent has no colour', () => {
    const pixels = [
      [255, 0, 0, 255],
      [0, 0, 255, 255],
      [9, 9, 9, 0],
      [0, 0, 255, 255],
    ];
    const quarters = picture(2, 2, (x, y) => pixels[y * 2 + x] ?? []);
    expect([...scaled(quarters, 1, 1).rgba]).toEqual([85, 0, 170, 191]);
    expect([...scaled(quarters, 2, 1).rgba]).toEqual([255, 0, 0, 128, 0, 0, 255, 255]);
  });

  test('may be larger', () => {
    const two = picture(2, 1, (x) => [x * 200, 0, 0, 255]);
    expect([...scaled(two, 4, 1).rgba].filter((_, i) => i % 4 === 0)).toEqual([0, 0, 200, 200]);
  });

  test('keeps its shape where it only has to fit', () => {
    const most = { width: 100, height: 100 };
    const { width, height } = scaledInto(
      picture(640, 480, () => [0, 0, 0, 255]),
      most,
    );
    expect([width, height]).toEqual([100, 75]);
    expect(
      scaledInto(
        picture(3, 2, () => [0, 0, 0, 255]),
        most,
      ).width,
    ).toBe(3);
  });
});

describe('half-blocks', () => {
  const spans = (lines: readonly Line[]) =>
    lines.map((line) => line.map(({ text, style }) => [text, style.fg, style.bg]));

  test('have one pixel above another in each cell', () => {
    const lines = halfBlocks(
      picture(2, 2, (x, y) => [x * 255, y * 255, 0, 255]),
      { columns: 2, rows: 1 },
    );
    expect(spans(lines)).toEqual([
      [
        ['▀', 0x000000, 0x00ff00],
        ['▀', 0xff0000, 0xffff00],
      ],
    ]);
  });

  test('show the background through what is transparent', () => {
    const seen = (isClear: boolean) => (isClear ? [0, 0, 0, 127] : [1, 2, 3, 255]);
    const lines = halfBlocks(
      picture(4, 2, (x, y) => seen((y === 0 ? x & 1 : x >> 1) === 1)),
      { columns: 4, rows: 1 },
    );
    expect(spans(lines)).toEqual([
      [
        [' ', undefined, 0x010203],
        ['▄', 0x010203, undefined],
        ['▀', 0x010203, undefined],
        [' ', undefined, undefined],
      ],
    ]);
  });

  test('of the same colours are one span', () => {
    const grey = picture(640, 480, () => [7, 7, 7, 255]);
    expect(spans(halfBlocks(grey, { columns: 32, rows: 12 }))).toEqual(
      Array.from({ length: 12 }, () => [[' '.repeat(32), undefined, 0x070707]]),
    );
  });
});
