import { thumbHash } from '@gochat/protocol/fields';
import fc from 'fast-check';
import { is } from 'valibot';
import { expect, test } from 'vitest';
import { averageColour, thumbFrom, thumbToRgba } from '../../src/files/media/thumb.ts';

function filled(width: number, height: number, colourAt: (x: number, y: number) => readonly number[]) {
  const rgba = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgba.set(colourAt(x, y), 4 * (y * width + x));
  return rgba;
}

test('a blur has the shape and the colours of its picture', () => {
  const rgba = filled(300, 200, (x) => (x < 150 ? [200, 0, 0, 255] : [0, 0, 200, 255]));
  const thumb = thumbFrom(rgba, 300, 200);
  const blur = thumbToRgba(thumb)!;
  expect(blur.width / blur.height).toBeCloseTo(1.5, 0);
  const pixel = (x: number) => blur.rgba.subarray(4 * x, 4 * x + 4);
  const [left, right] = [pixel(1), pixel(blur.width - 2)];
  expect(left[0]! - left[2]!).toBeGreaterThan(100);
  expect(right[2]! - right[0]!).toBeGreaterThan(100);
});

test('fine patterns become their average, and what is transparent has no colour', () => {
  const checked = filled(640, 640, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255, 255] : [0, 0, 0, 255]));
  const grey = averageColour(thumbFrom(checked, 640, 640))!;
  for (const part of [grey.r, grey.g, grey.b]) expect(Math.abs(part - 128)).toBeLessThan(8);
  const clear = filled(200, 200, (x) => (x % 2 === 0 ? [0, 200, 0, 255] : [255, 0, 0, 0]));
  const green = averageColour(thumbFrom(clear, 200, 200))!;
  expect(green.g).toBeGreaterThan(150);
  expect(green.r).toBeLessThan(50);
});

test('a hash is as long as messages allow, for every shape', () => {
  const side = fc.integer({ min: 1, max: 150 });
  fc.assert(
    fc.property(side, side, fc.uint8Array({ minLength: 64, maxLength: 64 }), (width, height, colours) => {
      const rgba = filled(width, height, (x, y) => {
        const from = (4 * (x + y)) % 60;
        return [...colours.subarray(from, from + 4)];
      });
      expect(is(thumbHash, thumbFrom(rgba, width, height))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('any text is a blur or none', () => {
  const hash = fc.oneof(
    fc.string(),
    fc.uint8Array({ maxLength: 25 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  );
  fc.assert(
    fc.property(hash, (text) => {
      const blur = thumbToRgba(text);
      if (blur !== undefined) expect(blur.rgba).toHaveLength(4 * blur.width * blur.height);
      const colour = averageColour(text);
      for (const part of Object.values(colour ?? {})) {
        expect(part).toBeGreaterThanOrEqual(0);
        expect(part).toBeLessThanOrEqual(255);
      }
    }),
  );
});
