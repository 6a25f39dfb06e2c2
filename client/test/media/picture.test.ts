import { exifBlock, inserted, joined, pngChunk, segment } from '@gochat/e2e/internal/pictures/made-pictures';
import { SAMPLE_NAMES, samplePicture } from '@gochat/e2e/internal/pictures/sample-pictures';
import { expect, test } from 'vitest';
import { dimensions, orientationOf, shownPicture } from '../../src/files/media/picture.ts';
import { sniff } from '../../src/files/media/sniff.ts';
import { isCleanable, mayTell, stripMetadata } from '../../src/files/media/strip-metadata.ts';

const IHDR_END = 33;

test.each(SAMPLE_NAMES)('%s: type and size are known, from the whole file and from its headers', (name) => {
  const bytes = samplePicture(name);
  const size = name === 'turnedAvif' ? { width: 16, height: 24 } : { width: 24, height: 16 };
  const type = `image/${/jpeg|png|gif|webp|avif/i.exec(name)![0].toLowerCase()}`;
  expect(sniff(bytes)).toBe(type);
  expect(dimensions(bytes)).toEqual(size);
  expect(shownPicture(bytes)).toEqual({ type, ...size });
});

test.each(SAMPLE_NAMES)('%s: a file without metadata stays as it is', (name) => {
  const bytes = samplePicture(name);
  const stripped = stripMetadata(bytes);
  expect(Buffer.compare(stripped.bytes, bytes)).toBe(0);
  expect(stripped.kept).toBe(/avif/i.test(name));
  expect(isCleanable(bytes)).toBe(!/avif/i.test(name));
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'orientation %i is read in both orders of bytes, and kept',
  (orientation) => {
    const size = orientation >= 5 ? { width: 16, height: 24 } : { width: 24, height: 16 };
    for (const isLittle of [false, true]) {
      const exif = exifBlock(orientation, isLittle);
      const jpeg = inserted(samplePicture('jpeg'), 2, segment(0xe1, joined('Exif\0\0', exif)));
      const png = inserted(samplePicture('png'), IHDR_END, pngChunk('eXIf', exif));
      for (const file of [jpeg, png]) {
        const { bytes, kept } = stripMetadata(file);
        expect(kept).toBe(false);
        for (const one of [file, bytes]) {
          expect(orientationOf(one)).toBe(orientation);
          expect(dimensions(one)).toEqual(size);
        }
      }
    }
  },
);

test.each([
  ['a video', samplePicture('avif'), 'video/mp4', true],
  ['a raw picture by its name', joined('no magic'), 'image/x-canon-cr2', true],
  ['a portable document', joined('%PDF-1.7'), '', true],
  ['a text document', joined('PK\x03\x04', new Uint8Array(22), '\x13\0\0\0[Content_Types].xml'), '', true],
  ['a log', joined('12:01 started\n'), 'text/plain', false],
  ['an archive', joined('\x1f\x8b\x08'), 'application/gzip', false],
])('%s may tell where it was made: %#', (_what, bytes, type, isTelling) => {
  expect(stripMetadata(bytes, type)).toEqual({ bytes, kept: isTelling });
  expect(mayTell(bytes, type)).toBe(isTelling);
});
