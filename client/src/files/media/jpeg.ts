import { byte, type Copy, codes, hasText, uint16 } from './bytes.ts';
import { Damaged } from './damaged.ts';
import { EXIF, type Orientation, orientationBlock, readOrientation } from './orientation.ts';
import type { Size } from './size.ts';

/** A marker segment (ITU-T T.81, annex B), with the scan that follows a start of scan. */
interface Segment {
  readonly marker: number;
  /** Where the marker is. */
  readonly start: number;
  /** What follows marker and length. */
  readonly body: number;
  readonly end: number;
}

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DHT = 0xc4;
const DAC = 0xcc;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;

const JFIF = 'JFIF\0';
/** Version, units and densities; then the size of a thumbnail. */
const JFIF_BYTES = JFIF.length + 7;
const ICC = 'ICC_PROFILE\0';
const ADOBE = 'Adobe';
const ADOBE_BYTES = 12;

/**
 * The segments from the start of the image to its end, which is the last one.
 * @throws Damaged where a file isn't a sequence of segments, or has no end
 */
function* jpegSegments(bytes: Uint8Array): Generator<Segment> {
  let at = 2;
  for (;;) {
    if (bytes[at] !== 0xff) throw new Damaged('no-marker');
    const start = at;
    while (bytes[at] === 0xff) at++;
    const marker = byte(bytes, at);
    const body = at + 3;
    if (marker === EOI) return yield { marker, start, body: at + 1, end: at + 1 };
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= SOI)) throw new Damaged('a-marker-out-of-place');
    const length = uint16(bytes, at + 1);
    let end = at + 1 + length;
    if (length < 2 || end > bytes.length) throw new Damaged('the-length-of-a-segment');
    if (marker === SOS) end = endOfScan(bytes, end);
    yield { marker, start, body, end };
    at = end;
  }
}

function endOfScan(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) throw new Damaged('a-scan-without-an-end');
    const next = byte(bytes, at + 1);
    if (next === 0xff) at += 1;
    else if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else return at;
  }
}

/** A start of frame: what else has these numbers are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== 0xc8 && marker !== DAC;
}

/** @throws Damaged */
export function jpegSize(bytes: Uint8Array): Size {
  let orientation: Orientation | undefined;
  for (const { marker, body, end } of jpegSegments(bytes)) {
    if (isExif(bytes, marker, body)) orientation ??= readOrientation(bytes.subarray(body, end));
    if (isFrame(marker)) {
      const [height, width] = [uint16(bytes, body + 1), uint16(bytes, body + 3)];
      return { width, height, orientation: orientation ?? 1 };
    }
  }
  throw new Damaged('no-frame');
}

/**
 * @returns where the picture ends: there may be more in the file
 * @throws Damaged also if it has several frames, of which decoders take another one each
 */
export function endOfJpeg(bytes: Uint8Array): number {
  let frames = 0;
  let scans = 0;
  for (const { marker, end } of jpegSegments(bytes)) {
    if (isFrame(marker)) frames++;
    if (marker === SOS) scans++;
    if (marker !== EOI) continue;
    if (frames !== 1 || scans === 0) throw new Damaged('not-one-frame-with-scans');
    return end;
  }
  throw new Damaged('no-end');
}

/**
 * Writes the pictures's own segments, JFIF without its thumbnail, colour profile, Adobe's colour transform and the orientation.
 * @throws Damaged
 */
export function copyJpeg(bytes: Uint8Array, copy: Copy): void {
  copy.put([0xff, SOI]);
  const { orientation } = jpegSize(bytes);
  let isOriented = orientation === 1;
  for (const { marker, start, body, end } of jpegSegments(bytes)) {
    const isJfif = marker === APP0 && hasText(bytes, body, JFIF) && end - body >= JFIF_BYTES;
    if (isJfif && copy.length === 2) {
      putSegment(copy, APP0, [...bytes.subarray(body, body + JFIF_BYTES), 0, 0]);
      continue;
    }
    if (!isOriented) {
      putSegment(copy, APP1, [...codes(EXIF), ...orientationBlock(orientation)]);
      isOriented = true;
    }
    if (isOfPicture(marker) || (marker === APP2 && hasText(bytes, body, ICC))) copy.take(start, end);
    else if (marker === APP14 && hasText(bytes, body, ADOBE) && end - body >= ADOBE_BYTES)
      putSegment(copy, APP14, bytes.subarray(body, body + ADOBE_BYTES));
  }
}

/** Frames, scans, their tables and restarts, and the end: all but APPn, comments and what is reserved. */
function isOfPicture(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xdd;
}

function isExif(bytes: Uint8Array, marker: number, body: number): boolean {
  return marker === APP1 && hasText(bytes, body, EXIF);
}

function putSegment(copy: Copy, marker: number, body: ArrayLike<number>): void {
  const length = body.length + 2;
  copy.put([0xff, marker, length >> 8, length & 0xff]);
  copy.put(body);
}
