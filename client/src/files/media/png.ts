import { byte, type Copy, codes, hasText, textAt, uint32 } from './bytes.ts';
import { Damaged } from './damaged.ts';
import { orientationBlock, readOrientation } from './orientation.ts';
import type { Size } from './size.ts';

/** Of a PNG file (third edition, section 5). */
interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly body: number;
  /** After its checksum. */
  readonly end: number;
}

const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';
const CHECKSUM_BYTES = 4;
const HEADER_BYTES = 13;

/** What decides which pixels are shown, in what colours and for how long. */
const KEPT = new Set(
  'IHDR PLTE IDAT IEND tRNS acTL fcTL fdAT iCCP sRGB gAMA cHRM cICP mDCV cLLI sBIT bKGD pHYs'.split(' '),
);

/** @throws Damaged where a file isn't a sequence of chunks that begins with IHDR and ends with IEND */
function* pngChunks(bytes: Uint8Array): Generator<Chunk> {
  let at = PNG_SIGNATURE.length;
  for (;;) {
    const type = textAt(bytes, at + 4, 4);
    const body = at + 8;
    const end = body + uint32(bytes, at) + CHECKSUM_BYTES;
    if (end > bytes.length || !/^[A-Za-z]{4}$/.test(type)) throw new Damaged('a-chunk');
    const isFirst = at === PNG_SIGNATURE.length;
    if ((type === 'IHDR') !== isFirst) throw new Damaged('IHDR-is-not-the-first-chunk');
    yield { type, start: at, body, end };
    if (type === 'IEND') return;
    at = end;
  }
}

/** @throws Damaged */
export function pngSize(bytes: Uint8Array): Size {
  const body = PNG_SIGNATURE.length + 8;
  const isHeader = hasText(bytes, body - 4, 'IHDR') && uint32(bytes, body - 8) === HEADER_BYTES;
  if (!isHeader) throw new Damaged('no-header');
  const size = { width: uint32(bytes, body), height: uint32(bytes, body + 4) };
  return { ...size, orientation: pngOrientation(bytes) };
}

/** A header may be all that there is, so what is damaged after it doesn't matter here. */
function pngOrientation(bytes: Uint8Array) {
  try {
    for (const { type, body, end } of pngChunks(bytes))
      if (type === 'eXIf') return readOrientation(bytes.subarray(body, end - CHECKSUM_BYTES));
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
  }
  return 1;
}

/**
 * @returns where the picture ends: there may be more in the file
 * @throws Damaged also if it can't be decoded without what only some programs know
 */
export function endOfPng(bytes: Uint8Array): number {
  let hasData = false;
  for (const { type, end, body } of pngChunks(bytes)) {
    if (type === 'IHDR' && end - body !== HEADER_BYTES + CHECKSUM_BYTES) throw new Damaged('the-header');
    if (isCritical(type) && !KEPT.has(type)) throw new Damaged('an-unknown-critical-chunk');
    if (type === 'IDAT') hasData = true;
    if (type !== 'IEND') continue;
    if (!hasData) throw new Damaged('no-data');
    return end;
  }
  throw new Damaged('no-end');
}

function isCritical(type: string): boolean {
  return type.charAt(0) < 'a';
}

/** Writes the chunks that decide what is shown, and the orientation. @throws Damaged */
export function copyPng(bytes: Uint8Array, copy: Copy): void {
  const orientation = pngOrientation(bytes);
  copy.take(0, PNG_SIGNATURE.length);
  for (const { type, start, end } of pngChunks(bytes)) {
    if (KEPT.has(type)) copy.take(start, end);
    if (type === 'IHDR' && orientation !== 1) putChunk(copy, 'eXIf', orientationBlock(orientation));
  }
}

function putChunk(copy: Copy, type: string, body: Uint8Array): void {
  const named = Uint8Array.from([...codes(type), ...body]);
  copy.put(fourBytes(body.length));
  copy.put(named);
  copy.put(fourBytes(crc32(named)));
}

function fourBytes(value: number): number[] {
  return [value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}

/** For some dozens of bytes: without a table. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= byte(bytes, i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
