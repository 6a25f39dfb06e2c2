import { crc32, deflateSync } from 'node:zlib';

/** @returns one byte for each character */
function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function joined(...parts: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? latin(part) : part))));
}

/** @returns the file with these bytes put in at an index */
export function inserted(file: Uint8Array, at: number, ...parts: readonly (Uint8Array | string)[]) {
  return joined(file.subarray(0, at), ...parts, file.subarray(at));
}

/** A segment of a JPEG file. */
export function segment(marker: number, body: Uint8Array | string): Uint8Array {
  const content = joined(body);
  const length = content.length + 2;
  return joined(Uint8Array.of(0xff, marker, length >> 8, length & 0xff), content);
}

/** A chunk of a PNG file. */
export function pngChunk(type: string, body: Uint8Array | string = ''): Uint8Array {
  const named = joined(type, body);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(named.length - 4);
  sum.writeUInt32BE(crc32(named));
  return joined(length, named, sum);
}

/** A chunk of a WebP file. */
export function webpChunk(type: string, body: Uint8Array | string): Uint8Array {
  const content = joined(body);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return joined(type, length, content, content.length % 2 === 1 ? '\0' : '');
}

/** A WebP file of these chunks. */
export function webpFile(...chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joined(webpChunk('RIFF', joined('WEBP', ...chunks)));
}

/** The extended header of a WebP file. */
export function webpHeader(flags: number, width: number, height: number): Uint8Array {
  const [w, h] = [width - 1, height - 1];
  return webpChunk(
    'VP8X',
    Uint8Array.of(flags, 0, 0, 0, w & 255, (w >> 8) & 255, w >> 16, h & 255, (h >> 8) & 255, h >> 16),
  );
}

export interface PngParts {
  readonly width: number;
  readonly height: number;
  /** The lines, each after the number of its filter, before they are compressed. */
  readonly lines: Uint8Array;
  /** 6: with opacity; 2: without; 3: a palette; 0: grey; 4: grey with opacity. */
  readonly colours?: number;
  readonly depth?: number;
  readonly isInterlaced?: boolean;
  /** What comes before the pixels. */
  readonly chunks?: readonly Uint8Array[];
}

export function pngFile({
  width,
  height,
  lines,
  colours = 6,
  depth = 8,
  isInterlaced = false,
  chunks = [],
}: PngParts): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, colours, 0, 0, isInterlaced ? 1 : 0], 8);
  return joined(
    '\x89PNG\r\n\x1a\n',
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IDAT', deflateSync(lines)),
    pngChunk('IEND'),
  );
}

/** A PNG file of these pixels, four bytes each. */
export function pngOf(width: number, height: number, rgba: Uint8Array): Uint8Array<ArrayBuffer> {
  const lines = Array.from({ length: height }, (_, y) =>
    joined('\0', rgba.subarray(4 * width * y, 4 * width * (y + 1))),
  );
  return pngFile({ width, height, lines: joined(...lines) });
}

/** An Exif block in either order of bytes, with an orientation. */
export function exifBlock(orientation: number, isLittle = false): Uint8Array {
  const block = Buffer.alloc(26);
  block.set(latin(isLittle ? 'II*\0' : 'MM\0*'));
  const short = (value: number, at: number) =>
    isLittle ? block.writeUInt16LE(value, at) : block.writeUInt16BE(value, at);
  const long = (value: number, at: number) =>
    isLittle ? block.writeUInt32LE(value, at) : block.writeUInt32BE(value, at);
  long(8, 4);
  short(1, 8);
  short(0x0112, 10);
  short(3, 12);
  long(1, 14);
  short(orientation, 18);
  return new Uint8Array(block);
}
