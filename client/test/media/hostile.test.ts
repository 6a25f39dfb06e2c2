import {
  exifBlock,
  inserted,
  joined,
  pngChunk,
  pngFile,
  segment,
  webpChunk,
  webpFile,
  webpHeader,
} from '@gochat/e2e/internal/pictures/made-pictures';
import { SAMPLE_NAMES, samplePicture } from '@gochat/e2e/internal/pictures/sample-pictures';
import { seeded } from '@gochat/e2e/internal/seeded';
import { expect, test } from 'vitest';
import { dimensions, orientationOf, shownPicture } from '../../src/files/media/picture.ts';
import { sniff } from '../../src/files/media/sniff.ts';
import { stripMetadata } from '../../src/files/media/strip-metadata.ts';

const HTML = '<!doctype html><script>alert(1)</script>';
const ZIP = 'PK\x03\x04\x14\0\0\0\0\0';
const [jpeg, png, gif, webp, avif] = (['jpeg', 'png', 'gif', 'losslessWebp', 'avif'] as const).map(
  samplePicture,
) as [
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>,
];
const IHDR_END = 33;

/** A file whose bytes at an index are replaced. */
function patched(file: Uint8Array, at: number, ...bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(file);
  copy.set(bytes, at);
  return copy;
}

/** Where a text begins in a file. */
const placeOf = (file: Uint8Array, text: string) => Buffer.from(file).indexOf(text, 0, 'latin1');

const frame = segment(0xc0, Uint8Array.of(8, 0, 9, 0, 9, 1, 1, 0x11, 0));

test.each([
  // What it is, its bytes, and what it becomes: shown as a picture, or only saved as this type.
  ['HTML', joined(HTML), 'saved', 'text/html'],
  ['HTML after blanks and a mark of its encoding', joined('\xef\xbb\xbf \n', HTML), 'saved', 'text/html'],
  ['SVG', joined('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'saved', 'image/svg+xml'],
  ['SVG after a declaration', joined('<?xml version="1.0"?><!-- a --><svg/>'), 'saved', 'image/svg+xml'],
  ['a portable document', joined('%PDF-1.7\n'), 'saved', 'application/pdf'],
  ['a program', joined('\x7fELF\x02\x01\x01'), 'saved', 'application/x-elf'],
  ['text', joined('just text'), 'saved', undefined],
  ['nothing', joined(''), 'saved', undefined],
  ['GIF that is a script, too', joined('GIF89a/*', gif.subarray(8), '*/=1;alert(1)'), 'saved', 'image/gif'],
  ['GIF that is a short script', joined('GIF89a=1;alert(1)//'), 'saved', 'image/gif'],
  ['GIF with an archive after it', joined(gif, ZIP), 'saved', 'image/gif'],
  ['JPEG with an archive after it', joined(jpeg, ZIP), 'saved', 'image/jpeg'],
  ['JPEG with a page after it', joined(jpeg, HTML), 'saved', 'image/jpeg'],
  ['PNG with a page after it', joined(png, HTML), 'saved', 'image/png'],
  ['WebP with a document after it', joined(webp, '%PDF-1.7'), 'saved', 'image/webp'],
  ['AVIF with a page after it', joined(avif, HTML), 'saved', 'image/avif'],
  [
    'PNG with a page in a text',
    inserted(png, IHDR_END, pngChunk('tEXt', `Comment\0${HTML}`)),
    'shown',
    'image/png',
  ],
  ['JPEG with a page in a comment', inserted(jpeg, 2, segment(0xfe, HTML)), 'shown', 'image/jpeg'],
  ['JPEG with a film after it', joined(jpeg, '\0\0\0\x18ftypmp42'), 'shown', 'image/jpeg'],
  ['JPEG with zeros after it', joined(jpeg, new Uint8Array(100)), 'shown', 'image/jpeg'],
  ['PNG of 10 gigapixels', patched(png, 16, 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0), 'saved', 'image/png'],
  ['PNG of 51 megapixels', patched(png, 16, 0, 0, 0x1b, 0xe5, 0, 0, 0x1b, 0xe5), 'saved', 'image/png'],
  ['PNG without width', patched(png, 16, 0, 0, 0, 0), 'saved', 'image/png'],
  ['PNG of a program of its own', inserted(png, 8, pngChunk('CgBI', 'P\0 \x02')), 'saved', 'image/png'],
  ['PNG with an unknown critical chunk', inserted(png, IHDR_END, pngChunk('ABCD')), 'saved', 'image/png'],
  ['PNG with two headers', inserted(png, IHDR_END, png.subarray(8, IHDR_END)), 'saved', 'image/png'],
  ['PNG without pixels', joined(png.subarray(0, IHDR_END), pngChunk('IEND')), 'saved', 'image/png'],
  [
    'PNG with a chunk longer than the file',
    patched(png, IHDR_END, 0x7f, 0xff, 0xff, 0xff),
    'saved',
    'image/png',
  ],
  ['GIF of 4 gigapixels', patched(gif, 6, 0xff, 0xff, 0xff, 0xff), 'saved', 'image/gif'],
  ['GIF with an image larger than its screen', patched(gif, 6, 1, 0, 1, 0), 'saved', 'image/gif'],
  ['GIF without an image', joined(gif.subarray(0, 13), gif.subarray(13, 13 + 12), ';'), 'saved', 'image/gif'],
  ['JPEG of 4 gigapixels', withFrameSize(jpeg, 0xff, 0xff, 0xff, 0xff), 'saved', 'image/jpeg'],
  ['JPEG without height', withFrameSize(jpeg, 0, 0, 0, 9), 'saved', 'image/jpeg'],
  ['JPEG with two frames', inserted(jpeg, 2, frame), 'saved', 'image/jpeg'],
  ['JPEG in JPEG', inserted(jpeg, 2, jpeg), 'saved', 'image/jpeg'],
  ['JPEG without a scan', joined(jpeg.subarray(0, 2), frame, '\xff\xd9'), 'saved', 'image/jpeg'],
  [
    'WebP whose image is larger than it says',
    webpFile(webpHeader(0, 9, 9), webp.subarray(12)),
    'saved',
    'image/webp',
  ],
  [
    'WebP whose image is as large as it says',
    webpFile(webpHeader(0, 24, 16), webp.subarray(12)),
    'shown',
    'image/webp',
  ],
  ['WebP with a frame larger than it says', animation(9, 9), 'saved', 'image/webp'],
  [
    'WebP with a frame without an end',
    webpFile(webpHeader(2, 9, 9), webpChunk('ANMF', 'abc')),
    'saved',
    'image/webp',
  ],
  [
    'WebP of 256 gigapixels',
    webpFile(webpHeader(0, 2 ** 24, 2 ** 14), webp.subarray(12)),
    'saved',
    'image/webp',
  ],
  [
    'AVIF of 4 gigapixels',
    patched(avif, placeOf(avif, 'ispe') + 8, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff),
    'saved',
    'image/avif',
  ],
  ['AVIF whose image is as large as it says', madeAvif(23, 15), 'shown', 'image/avif'],
  ['AVIF whose image has 4 gigapixels', madeAvif(0xffff, 0xffff), 'saved', 'image/avif'],
  ['AVIF whose image is no stream', madeAvif(23, 15, 0x12), 'saved', 'image/avif'],
  ['AVIF without properties', patched(avif, placeOf(avif, 'ipco'), 0x66), 'saved', 'image/avif'],
  [
    'a film that says it is AVIF',
    joined('\0\0\0\x10ftypavif\0\0\0\0', '\0\0\0\x08moov'),
    'saved',
    'image/avif',
  ],
] as const)('%s', (_what, bytes, becomes, type) => {
  expect(sniff(bytes)).toBe(type);
  expect(shownPicture(bytes)?.type).toBe(becomes === 'shown' ? type : undefined);
});

function withFrameSize(file: Uint8Array, ...size: readonly number[]) {
  return patched(file, placeOf(file, '\xff\xc0') + 5, ...size);
}

function box(type: string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const content = joined(type, ...parts);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length + 4);
  return joined(size, content);
}

/** An AVIF file of 24 x 16 pixels whose image has a sequence header with these largest indexes of columns and rows. */
function madeAvif(lastColumn: number, lastRow: number, unit = 0x0a): Uint8Array<ArrayBuffer> {
  const bits = ['000', '1', '1', '00000', '1111', '1111', lastColumn.toString(2).padStart(16, '0')];
  const header = [...bits, lastRow.toString(2).padStart(16, '0')].join('').padEnd(56, '0');
  const bytes = Uint8Array.from(header.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const size = Uint8Array.of(0, 0, 0, 24, 0, 0, 0, 16);
  const properties = box(
    'iprp',
    box('ipco', box('ispe', '\0\0\0\0', size)),
    box('ipma', '\0\0\0\0\0\0\0\x01\0\x01\x01\x01'),
  );
  const meta = box(
    'meta',
    '\0\0\0\0',
    box('pitm', '\0\0\0\0\0\x01'),
    box('iinf', '\0\0\0\0\0\x01', box('infe', '\x02\0\0\0\0\x01\0\0av01\0')),
    box('iloc', '\x01\0\0\0\x44\0\0\x01', '\0\x01\0\x01\0\0\0\x01\0\0\0\0\0\0\0\x09'),
    properties,
    box('idat', Uint8Array.of(unit, 7), bytes),
  );
  return joined(box('ftyp', 'avif\0\0\0\0mif1'), meta);
}

/** An animated WebP file that says it is of this size. */
function animation(width: number, height: number) {
  const whole = samplePicture('animatedWebp');
  return webpFile(webpHeader(2, width, height), whole.subarray(30));
}

test.each(SAMPLE_NAMES)(
  '%s: a file that is cut anywhere is saved, unchanged, and said to be uncleaned',
  (name) => {
    const whole = samplePicture(name);
    for (let length = 12; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      expect(shownPicture(cut)).toBeUndefined();
      const { bytes, kept } = stripMetadata(cut, 'image/jpeg');
      expect(kept).toBe(true);
      expect(bytes).toBe(cut);
    }
  },
);

const SEED = 7;

test(`20,000 samples with changed bytes, seed ${SEED}: never an error, and what is cleaned is clean`, () => {
  const next = seeded(SEED);
  const random = (below: number) => Math.floor(next() * below);
  const dirty = [
    ...SAMPLE_NAMES.map(samplePicture),
    madeAvif(23, 15),
    inserted(jpeg, 2, segment(0xe1, joined('Exif\0\0', exifBlock(6, true))), segment(0xfe, 'SECRET')),
    inserted(png, IHDR_END, pngChunk('eXIf', exifBlock(8)), pngChunk('tEXt', 'a\0SECRET')),
    webpFile(
      webpHeader(0x0c, 24, 16),
      webp.subarray(12),
      webpChunk('EXIF', exifBlock(3)),
      webpChunk('XMP ', 'SECRET'),
    ),
  ];
  for (let round = 0; round < 20_000; round++) {
    const bytes = new Uint8Array(dirty[random(dirty.length)]!);
    for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] = random(256);
    const shown = shownPicture(bytes);
    if (shown !== undefined)
      expect(dimensions(bytes)).toMatchObject({ width: shown.width, height: shown.height });
    expect(orientationOf(bytes)).toBeGreaterThan(0);
    const stripped = stripMetadata(bytes, 'image/png');
    if (stripped.kept) expect(stripped.bytes).toBe(bytes);
    else expect(Buffer.compare(stripMetadata(stripped.bytes).bytes, stripped.bytes)).toBe(0);
  }
});

test.each([
  ['empty chunks', joined(png.subarray(0, IHDR_END), repeated(pngChunk('teXt')), png.subarray(IHDR_END))],
  ['comments', joined(jpeg.subarray(0, 2), repeated(segment(0xfe, '')), jpeg.subarray(2))],
  ['fill bytes', joined(jpeg.subarray(0, 2), new Uint8Array(4_000_000).fill(0xff), jpeg.subarray(2))],
  ['restarts', joined(jpeg.subarray(0, -2), repeated(Uint8Array.of(0xff, 0xd0)), '\xff\xd9')],
  ['extensions', joined(gif.subarray(0, -1), repeated(joined('!\xfe\0')), ';')],
  [
    'orientations',
    inserted(jpeg, 2, segment(0xe1, joined('Exif\0\0', repeated(exifBlock(6)).subarray(0, 65_000)))),
  ],
])('four million bytes of %s are read once', (_what, bytes) => {
  // Quadratic work would take hours here, and end the test by its time limit.
  expect(shownPicture(bytes)).toMatchObject({ width: expect.any(Number) as number });
  const { bytes: clean, kept } = stripMetadata(bytes);
  expect(kept).toBe(false);
  expect(shownPicture(clean)).toBeDefined();
});

function repeated(part: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.alloc(Math.floor(4_000_000 / part.length) * part.length, part));
}

test('a picture with everything that is allowed keeps it', () => {
  const chunks = ['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP', 'sBIT', 'pHYs'].map((type) =>
    pngChunk(type, 'abc'),
  );
  const file = pngFile({ width: 1, height: 1, lines: new Uint8Array(5), chunks });
  expect(Buffer.compare(stripMetadata(file).bytes, file)).toBe(0);
});
