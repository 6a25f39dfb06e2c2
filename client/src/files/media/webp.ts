import { byte, type Copy, codes, hasText, textAt, uint16le, uint24le, uint32le } from './bytes.ts';
import { Damaged } from './damaged.ts';
import { type Orientation, orientationBlock, readOrientation } from './orientation.ts';
import type { Size } from './size.ts';

/** Of a WebP file (RFC 9649, section 2). */
interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly body: number;
  readonly bodyEnd: number;
  /** After its padding. */
  readonly end: number;
}

const HEADER_BYTES = 12;
const EXTENDED_BYTES = 10;
/** Of the flags of an extended file. */
const HAS_EXIF = 0x08;
const HAS_XMP = 0x04;
/** Of a frame, before its own chunks. */
const FRAME_BYTES = 16;
const KEPT = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);
const KEPT_IN_FRAME = new Set(['VP8 ', 'VP8L', 'ALPH']);

/** @throws Damaged */
function* webpChunks(bytes: Uint8Array): Generator<Chunk> {
  const fileEnd = endOfRiff(bytes);
  yield* chunksBetween(bytes, HEADER_BYTES, fileEnd);
}

function* chunksBetween(bytes: Uint8Array, from: number, to: number): Generator<Chunk> {
  let at = from;
  while (at < to) {
    const body = at + 8;
    const bodyEnd = body + uint32le(bytes, at + 4);
    const end = bodyEnd + (bodyEnd & 1);
    if (end > to) throw new Damaged('a-chunk');
    yield { type: textAt(bytes, at, 4), start: at, body, bodyEnd, end };
    at = end;
  }
}

function endOfRiff(bytes: Uint8Array): number {
  const size = uint32le(bytes, 4);
  const end = 8 + size + (size & 1);
  if (end > bytes.length || end < HEADER_BYTES) throw new Damaged('the-size-of-the-file');
  return end;
}

/** @throws Damaged */
export function webpSize(bytes: Uint8Array): Size {
  const type = textAt(bytes, HEADER_BYTES, 4);
  const body = HEADER_BYTES + 8;
  if (type !== 'VP8X') return { ...imageSize(bytes, type, body), orientation: 1 };
  if (bytes.length < body + EXTENDED_BYTES) throw new Damaged('the-header');
  const size = { width: uint24le(bytes, body + 4) + 1, height: uint24le(bytes, body + 7) + 1 };
  return { ...size, orientation: webpOrientation(bytes) };
}

/** The size that an image itself names (RFC 6386, section 9.1, and RFC 9649, section 3.4). */
function imageSize(bytes: Uint8Array, type: string, body: number): { width: number; height: number } {
  if (type === 'VP8 ' && hasText(bytes, body + 3, '\x9d\x01\x2a') && bytes.length >= body + 10)
    return { width: uint16le(bytes, body + 6) & 0x3fff, height: uint16le(bytes, body + 8) & 0x3fff };
  if (type === 'VP8L' && byte(bytes, body) === 0x2f && bytes.length >= body + 5) {
    const bits = uint32le(bytes, body + 1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  throw new Damaged('no-image');
}

function webpOrientation(bytes: Uint8Array): Orientation {
  try {
    for (const { type, body, bodyEnd } of webpChunks(bytes))
      if (type === 'EXIF') return readOrientation(bytes.subarray(body, bodyEnd));
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
  }
  return 1;
}

/**
 * @returns where the picture ends: there may be more in the file
 * @throws Damaged also if an image is larger than the header says
 */
export function endOfWebp(bytes: Uint8Array): number {
  const whole = webpSize(bytes);
  let images = 0;
  for (const { type, body, bodyEnd } of webpChunks(bytes)) {
    if (type === 'ANMF') {
      checkFrame(bytes, body, bodyEnd, whole);
      images++;
    } else if (KEPT_IN_FRAME.has(type) && type !== 'ALPH') {
      const { width, height } = imageSize(bytes, type, body);
      if (width !== whole.width || height !== whole.height) throw new Damaged('two-sizes');
      images++;
    }
  }
  if (images === 0) throw new Damaged('no-image');
  return endOfRiff(bytes);
}

function checkFrame(bytes: Uint8Array, body: number, bodyEnd: number, whole: Size): void {
  if (bodyEnd - body < FRAME_BYTES) throw new Damaged('a-frame-without-a-header');
  const [left, top] = [2 * uint24le(bytes, body), 2 * uint24le(bytes, body + 3)];
  const [width, height] = [uint24le(bytes, body + 6) + 1, uint24le(bytes, body + 9) + 1];
  if (left + width > whole.width || top + height > whole.height) throw new Damaged('a-frame-outside');
  for (const chunk of chunksBetween(bytes, body + FRAME_BYTES, bodyEnd)) {
    if (!KEPT_IN_FRAME.has(chunk.type) || chunk.type === 'ALPH') continue;
    const image = imageSize(bytes, chunk.type, chunk.body);
    if (image.width !== width || image.height !== height) throw new Damaged('two-sizes-of-a-frame');
  }
}

/** Writes images, animation and colour profile, and the orientation. @throws Damaged */
export function copyWebp(bytes: Uint8Array, copy: Copy): void {
  const isExtended = hasText(bytes, HEADER_BYTES, 'VP8X');
  const orientation = isExtended ? webpOrientation(bytes) : 1;
  copy.take(0, HEADER_BYTES);
  for (const chunk of webpChunks(bytes)) {
    const at = copy.length;
    if (chunk.type === 'ANMF') copyFrame(bytes, copy, chunk);
    else if (KEPT.has(chunk.type)) copy.take(chunk.start, chunk.end);
    if (chunk.type === 'VP8X') {
      const flags = byte(bytes, chunk.body) & ~(HAS_EXIF | HAS_XMP);
      copy.patch(at + 8, [orientation === 1 ? flags : flags | HAS_EXIF]);
    }
  }
  if (orientation !== 1) {
    const block = orientationBlock(orientation);
    copy.put([...codes('EXIF'), ...sizeBytes(block.length)]);
    copy.put(block);
  }
  copy.patch(4, sizeBytes(copy.length - 8));
}

function copyFrame(bytes: Uint8Array, copy: Copy, { start, body, bodyEnd }: Chunk): void {
  const at = copy.length;
  copy.take(start, body + FRAME_BYTES);
  for (const chunk of chunksBetween(bytes, body + FRAME_BYTES, bodyEnd))
    if (KEPT_IN_FRAME.has(chunk.type)) copy.take(chunk.start, chunk.end);
  copy.patch(at + 4, sizeBytes(copy.length - at - 8));
}

function sizeBytes(size: number): number[] {
  return [size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff, size >>> 24];
}
