import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orientationOf } from '@gochat/client/internal/files/media/picture';
import { stripMetadata } from '@gochat/client/internal/files/media/strip-metadata';
import { decodePicture } from '@gochat/terminal/internal/pictures/pictures';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Exiftool } from '../src/pictures/exiftool.ts';
import { inserted, joined, segment } from '../src/pictures/made-pictures.ts';
import { type SampleName, samplePicture } from '../src/pictures/sample-pictures.ts';
import { findTool, needed } from '../src/tool.ts';

const program = needed(
  await findTool('exiftool', ['libimage-exiftool-perl']),
  'what is left of metadata in pictures',
);

let folder: string;
let exiftool: Exiftool | undefined;
beforeAll(() => {
  if (program !== undefined) exiftool = new Exiftool(program);
  folder = mkdtempSync(join(tmpdir(), 'gochat-metadata-'));
});
afterAll(async () => {
  await exiftool?.close();
  rmSync(folder, { recursive: true });
});

/** @returns what exiftool prints */
async function runs(...args: readonly string[]): Promise<string> {
  if (exiftool === undefined) throw new Error('there is no exiftool');
  return exiftool.runs(...args);
}

/** Where, when, by whom and with what, in every form that exiftool writes into the file. */
const WRITTEN = [
  '-GPSLatitude=48.1',
  '-GPSLatitudeRef=N',
  '-GPSLongitude=11.5',
  '-GPSLongitudeRef=E',
  '-Artist=Ana-Secret',
  '-Copyright=Ana-Secret',
  '-Make=Secret-Make',
  '-Model=Secret-Model',
  '-SerialNumber=Secret-4711',
  '-DateTimeOriginal=2026:01:02 03:04:05',
  '-UserComment=Secret-Remark',
  '-XMP-dc:Creator=Ana-Secret',
  '-XMP-photoshop:City=Secret-City',
  '-IPTC:City=Secret-City',
  '-IPTC:By-line=Ana-Secret',
  '-Comment=Secret-Comment',
  '-PNG:Author=Ana-Secret',
];

/** What may be left: how the pixels are coded, the form of colours, and how the picture is turned. */
const ALLOWED = [
  /^(ExifTool|System):/,
  /^File:(FileType|FileTypeExtension|MIMEType|ExifByteOrder|ImageWidth|ImageHeight|EncodingProcess|BitsPerSample|ColorComponents|YCbCrSubSampling)$/,
  /^JFIF:(JFIFVersion|ResolutionUnit|XResolution|YResolution)$/,
  /^Adobe:(DCTEncodeVersion|APP14Flags0|APP14Flags1|ColorTransform)$/,
  /^IFD0:Orientation$/,
  /^PNG:(ImageWidth|ImageHeight|BitDepth|ColorType|Compression|Filter|Interlace|AnimationFrames|AnimationPlays|Palette|Transparency)$/,
  /^GIF:(GIFVersion|ImageWidth|ImageHeight|HasColorMap|ColorResolutionDepth|BitsPerPixel|BackgroundColor|AnimationIterations|FrameCount|Duration)$/,
  /^RIFF:(WebP_Flags|ImageWidth|ImageHeight|VP8Version|HorizontalScale|VerticalScale|AlphaIsUsed|AlphaPreprocessing|AlphaFiltering|AlphaCompression|BackgroundColor|AnimationLoopCount|FrameCount|Duration|ImageSizeExtra)$/,
  /^Composite:(ImageSize|Megapixels)$/,
];

/** @returns the names of all tags that exiftool finds, with their groups */
async function tagsOf(bytes: Uint8Array): Promise<string[]> {
  const file = join(folder, 'picture');
  writeFileSync(file, bytes);
  const json = await runs('-json', '-G1', '-a', '-u', '-U', file);
  return Object.keys((JSON.parse(json) as object[])[0]!).filter((tag) => tag !== 'SourceFile');
}

async function withMetadata(bytes: Uint8Array, ...more: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const [file, thumbnail] = [join(folder, 'dirty'), join(folder, 'thumbnail')];
  writeFileSync(file, bytes);
  writeFileSync(thumbnail, samplePicture('jpeg'));
  const options = ['-m', '-overwrite_original', `-ThumbnailImage<=${thumbnail}`];
  expect(await runs(...options, ...WRITTEN, ...more, file)).toContain('1 image files updated');
  return new Uint8Array(readFileSync(file));
}

const left = (tags: readonly string[]) => tags.filter((tag) => !ALLOWED.some((allowed) => allowed.test(tag)));

const CLEANED: readonly SampleName[] = [
  'jpeg',
  'progressiveJpeg',
  'cmykJpeg',
  'png',
  'animatedPng',
  'gif',
  'animatedGif',
  'lossyWebp',
  'losslessWebp',
  'transparentWebp',
  'animatedWebp',
];

test.skipIf(program === undefined).each(CLEANED)('%s: only allowed tags are left', async (name) => {
  const original = samplePicture(name);
  const dirty = await withMetadata(original);
  expect(left(await tagsOf(dirty)).length).toBeGreaterThan(5);
  const { bytes, kept } = stripMetadata(dirty);
  expect(kept).toBe(false);
  expect(left(await tagsOf(bytes))).toEqual([]);
  expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/secret/i);
  expect(await decodePicture(bytes, 640)).toEqual(await decodePicture(original, 640));
  expect(Buffer.compare(stripMetadata(bytes).bytes, bytes)).toBe(0);
});

const TURNED: readonly SampleName[] = ['jpeg', 'png', 'animatedWebp'];

test.skipIf(program === undefined).each([1, 2, 3, 4, 5, 6, 7, 8])(
  'orientation %i is kept, and nothing else',
  async (orientation) => {
    for (const name of orientation === 6 ? TURNED : TURNED.slice(0, 1)) {
      const dirty = await withMetadata(samplePicture(name), `-IFD0:Orientation#=${orientation}`);
      expect(orientationOf(dirty), name).toBe(orientation);
      const { bytes } = stripMetadata(dirty);
      expect(orientationOf(bytes), name).toBe(orientation);
      const tags = await tagsOf(bytes);
      expect(left(tags), name).toEqual([]);
      expect(tags.includes('IFD0:Orientation'), name).toBe(orientation !== 1);
      expect(await decodePicture(bytes, 640), name).toEqual(await decodePicture(dirty, 640));
    }
  },
);

test.skipIf(program === undefined)(
  'a JPEG loses thumbnails, other pictures and what follows its end',
  async () => {
    const thumbnail = joined('JFIF\0', Uint8Array.of(1, 2, 0, 0, 1, 0, 1, 2, 1), 'SECRET');
    const clean = samplePicture('jpeg');
    const pictures = segment(0xe2, 'MPF\0SECRET');
    const start = joined(clean.subarray(0, 2), segment(0xe0, thumbnail), pictures);
    const dirty = joined(start, clean.subarray(20), clean, 'SECRET');
    const { bytes, kept } = stripMetadata(dirty);
    expect(kept).toBe(false);
    expect(left(await tagsOf(bytes))).toEqual([]);
    expect(bytes).toHaveLength(clean.length);
    expect(Buffer.from(bytes).toString('latin1')).not.toContain('SECRET');
  },
);

test.skipIf(program === undefined)('the profile of colours is kept', async () => {
  const profile = joined('ICC_PROFILE\0', Uint8Array.of(1, 1), new Uint8Array(200));
  const dirty = inserted(await withMetadata(samplePicture('jpeg')), 2, segment(0xe2, profile));
  const { bytes } = stripMetadata(dirty);
  expect(Buffer.from(bytes).includes(Buffer.from(profile))).toBe(true);
  expect(left(await tagsOf(bytes)).filter((tag) => !tag.startsWith('ICC'))).toEqual([]);
});
