import { deflateSync } from 'node:zlib';
import { dimensions, shownPicture } from '@gochat/client/internal/files/media/picture';
import { thumbToRgba } from '@gochat/client/internal/files/media/thumb';
import { PictureThread } from '@gochat/terminal/internal/pictures/picture-thread';
import { decodePicture, makePreview } from '@gochat/terminal/internal/pictures/pictures';
import { expect, test } from 'vitest';
import {
  exifBlock,
  inserted,
  joined,
  pngChunk,
  pngFile,
  pngOf,
  segment,
} from '../src/pictures/made-pictures.ts';
import { samplePicture } from '../src/pictures/sample-pictures.ts';
import { WAIT_MS } from '../src/waits.ts';

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

const CLEAR_RED = [255, 0, 0, 0];
const WHITE = [255, 255, 255, 255];
const palette = pngChunk('PLTE', Uint8Array.of(255, 0, 0, 255, 255, 255));

test.each([
  ['grey of 1 bit', { colours: 0, depth: 1, lines: Uint8Array.of(0, 0b01000000) }, [0, 0, 0, 255]],
  ['grey of 2 bits', { colours: 0, depth: 2, lines: Uint8Array.of(0, 0b01110000) }, [85, 85, 85, 255]],
  ['grey of 4 bits', { colours: 0, depth: 4, lines: Uint8Array.of(0, 0x3f) }, [51, 51, 51, 255]],
  [
    'grey of 16 bits',
    { colours: 0, depth: 16, lines: Uint8Array.of(0, 0x80, 0x80, 255, 255) },
    [128, 128, 128, 255],
  ],
  ['grey with opacity', { colours: 4, lines: Uint8Array.of(0, 9, 8, 255, 255) }, [9, 9, 9, 8]],
  [
    'grey of which one is clear',
    { colours: 0, lines: Uint8Array.of(0, 7, 255), chunks: [pngChunk('tRNS', '\0\x07')] },
    [7, 7, 7, 0],
  ],
  ['colours', { colours: 2, lines: Uint8Array.of(0, 1, 2, 3, 255, 255, 255) }, [1, 2, 3, 255]],
  [
    'colours of 16 bits',
    { colours: 2, depth: 16, lines: Uint8Array.of(0, 1, 1, 2, 2, 3, 3, ...WHITE, 255, 255) },
    [1, 2, 3, 255],
  ],
  ['colours with opacity', { colours: 6, lines: Uint8Array.of(0, 1, 2, 3, 4, ...WHITE) }, [1, 2, 3, 4]],
  ['a palette', { colours: 3, lines: Uint8Array.of(0, 0, 1), chunks: [palette] }, [255, 0, 0, 255]],
  [
    'a palette of 1 bit, partly clear',
    { colours: 3, depth: 1, lines: Uint8Array.of(0, 0b01000000), chunks: [palette, pngChunk('tRNS', '\0')] },
    CLEAR_RED,
  ],
  [
    'interlaced colours',
    { colours: 2, isInterlaced: true, lines: Uint8Array.of(0, 1, 2, 3, 0, 255, 255, 255) },
    [1, 2, 3, 255],
  ],
] as const)('PNG with %s: the terminal decodes it', async (_what, parts, first) => {
  const picture = await decodePicture(pngFile({ width: 2, height: 1, ...parts }), 640);
  expect([...picture!.rgba]).toEqual([...first, ...WHITE]);
});

test('a picture is made smaller to the average of its pixels, as far as they are opaque', async () => {
  const pixels = [200, 0, 0, 255, 0, 100, 0, 255, 0, 0, 80, 0, 10, 20, 30, 255];
  const picture = await decodePicture(pngOf(4, 1, Uint8Array.from(pixels)), 2);
  expect(picture).toEqual({ width: 2, height: 1, rgba: Uint8Array.of(100, 50, 0, 255, 10, 20, 30, 128) });
});

const BOMB_BYTES = 100_000_000;
const bomb = deflateSync(Buffer.alloc(BOMB_BYTES), { level: 1 });
const LARGE = [0x17, 0x70, 0x17, 0x70];

test.each([
  [
    'pixels that are more than the picture has',
    pngFile({ width: 9, height: 9, lines: Buffer.alloc(BOMB_BYTES) }),
  ],
  ['too few pixels', pngFile({ width: 9, height: 9, lines: new Uint8Array(9) })],
  [
    'interlaced pixels of 1 bit',
    pngFile({ width: 2, height: 1, depth: 1, colours: 0, isInterlaced: true, lines: new Uint8Array(4) }),
  ],
  ['6000 x 6000 pixels', pngFile({ width: 6000, height: 6000, lines: new Uint8Array(9) })],
  ['indexes without a palette', pngFile({ width: 1, height: 1, colours: 3, lines: Uint8Array.of(0, 9) })],
  ['6000 x 6000 pixels as JPEG', sized(samplePicture('jpeg'), LARGE)],
  ['6000 x 6000 pixels as progressive JPEG', sized(samplePicture('progressiveJpeg'), LARGE)],
  ['a damaged table', joined(samplePicture('jpeg').subarray(0, 30), '\xff\xd9')],
])('%s: not decoded, and the next picture is', async (_what, bytes) => {
  expect(await decodePicture(bytes, 640)).toBeUndefined();
  expect(await decodePicture(samplePicture('png'), 640)).toMatchObject({ width: 24 });
});

/** A JPEG file that says it is of this size. */
function sized(file: Uint8Array<ArrayBuffer>, size: readonly number[]) {
  const at = Buffer.from(file).findIndex(
    (_, i) => file[i] === 0xff && (file[i + 1] === 0xc0 || file[i + 1] === 0xc2),
  );
  file.set(size, at + 5);
  return file;
}

test('a profile and texts that are compressed without limit are not read', async () => {
  const chunks = [pngChunk('iCCP', joined('a\0\0', bomb)), pngChunk('zTXt', joined('a\0\0', bomb))];
  const file = pngFile({ width: 1, height: 1, lines: Uint8Array.of(0, 1, 2, 3, 4), chunks });
  expect([...(await decodePicture(file, 640))!.rgba]).toEqual([1, 2, 3, 4]);
});

test('a thread that takes too long ends, and so does one that needs too much memory', async () => {
  const noise = new Uint8Array(4 * 1000 * 1000).map((_, i) => (i * i * 7919) >> 5);
  const job = { bytes: pngOf(1000, 1000, noise), type: 'image/png', orientation: 1, maxSide: 999 } as const;
  for (const limits of [
    { megabytes: 64, ms: 1 },
    { megabytes: 4, ms: WAIT_MS },
  ]) {
    const thread = new PictureThread(limits);
    expect(await thread.run(job)).toBeUndefined();
    await thread.close();
  }
});

test('a preview is small, upright, JPEG, and has the size of the whole picture beside it', async () => {
  const rgba = new Uint8Array(4 * 1500 * 1000).map((_, i) => (i % 4 === 3 ? 255 : (i * i * 7919) >> 5));
  const png = pngOf(1500, 1000, rgba);
  const preview = (await makePreview(inserted(png, 33, pngChunk('eXIf', exifBlock(6)))))!;
  expect(preview).toMatchObject({ w: 1000, h: 1500 });
  expect(preview.bytes.length).toBeLessThanOrEqual(128 * 1024);
  expect(shownPicture(preview.bytes)).toMatchObject({ type: 'image/jpeg' });
  expect(Math.max(...Object.values(dimensions(preview.bytes)!))).toBeLessThanOrEqual(640);
  expect(thumbToRgba(preview.thumb)).toBeDefined();
});

test('a preview of a picture that is partly transparent is PNG', async () => {
  const rgba = new Uint8Array(4 * 800 * 800).map((_, i) =>
    i % 4 === 3 ? (i % 800 < 400 ? 0 : 255) : (i * i) >> 5,
  );
  const preview = (await makePreview(pngOf(800, 800, rgba)))!;
  expect(preview.bytes.length).toBeLessThanOrEqual(128 * 1024);
  expect(shownPicture(preview.bytes)).toMatchObject({ type: 'image/png' });
  expect(
    (await decodePicture(preview.bytes, 640))!.rgba.some((value, at) => at % 4 === 3 && value < 255),
  ).toBe(true);
});

test('what terminals do not decode has no preview', async () => {
  for (const name of ['gif', 'lossyWebp', 'avif'] as const)
    expect(await makePreview(samplePicture(name))).toBeUndefined();
});
