import { decodePicture } from '@gochat/terminal/internal/pictures/pictures';
import { expect, test } from 'vitest';
import { exifBlock, inserted, joined, segment } from '../src/pictures/made-pictures.ts';
import { samplePicture } from '../src/pictures/sample-pictures.ts';

const RED = [220, 30, 30];
const GREEN = [30, 200, 30];
const BLUE = [30, 30, 220];
const YELLOW = [230, 220, 40];

/** The colours in the middle of the four quarters: red above on the left… by the name of the nearest. */
function quarters({ rgba, width, height }: { rgba: Uint8Array; width: number; height: number }): string {
  const names = { r: RED, g: GREEN, b: BLUE, y: YELLOW };
  const at = (x: number, y: number) => {
    const from = 4 * (Math.floor(y * height) * width + Math.floor(x * width));
    const far = (colour: readonly number[]) =>
      colour.reduce((sum, part, i) => sum + Math.abs(part - rgba[from + i]!), 0);
    return Object.entries(names).sort(([, a], [, b]) => far(a) - far(b))[0]![0];
  };
  return at(0.25, 0.25) + at(0.75, 0.25) + at(0.25, 0.75) + at(0.75, 0.75);
}

test.each(['jpeg', 'progressiveJpeg', 'cmykJpeg', 'png', 'animatedPng'] as const)(
  '%s: the terminal decodes it',
  async (name) => {
    const picture = await decodePicture(samplePicture(name), 640);
    expect(picture).toMatchObject({ width: 24, height: 16 });
    expect(quarters(picture!)).toBe('rgby');
  },
);

test.each(['gif', 'lossyWebp', 'avif'] as const)('%s: the terminal does not decode it', async (name) => {
  expect(await decodePicture(samplePicture(name), 640)).toBeUndefined();
});

test.each([
  [1, 'rgby'],
  [2, 'gryb'],
  [3, 'ybgr'],
  [4, 'byrg'],
  [5, 'rbgy'],
  [6, 'bryg'],
  [7, 'ygbr'],
  [8, 'gyrb'],
])('orientation %i: a picture is decoded upright', async (orientation, shown) => {
  const exif = segment(0xe1, joined('Exif\0\0', exifBlock(orientation)));
  const picture = await decodePicture(inserted(samplePicture('jpeg'), 2, exif), 640);
  expect(quarters(picture!)).toBe(shown);
  expect(picture).toMatchObject(orientation < 5 ? { width: 24, height: 16 } : { width: 16, height: 24 });
});
