import { hasText, uint16, uint16le, uint32, uint32le } from './bytes.ts';

/** How a stored picture is turned to be shown (TIFF 6.0, tag 274): 1 as it is, 2 mirrored, 3 by 180°, 6 by 90° clockwise, 8 by 270°… */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;
export const EXIF = 'Exif\0\0';

/**
 * @param tiff an Exif block (TIFF 6.0, section 2), with or without `Exif\0\0` before it
 * @returns 1 also for a block that is damaged or names none
 */
export function readOrientation(tiff: Uint8Array): Orientation {
  const block = hasText(tiff, 0, EXIF) ? tiff.subarray(EXIF.length) : tiff;
  const isLittle = hasText(block, 0, 'II*\0');
  if (!isLittle && !hasText(block, 0, 'MM\0*')) return 1;
  const short = isLittle ? uint16le : uint16;
  const at = (isLittle ? uint32le : uint32)(block, 4);
  const entries = short(block, at);
  for (let i = 0; i < entries; i++) {
    const entry = at + 2 + i * ENTRY_BYTES;
    if (entry + ENTRY_BYTES > block.length) return 1;
    if (short(block, entry) !== TAG) continue;
    const value = short(block, entry + 8);
    const isValid = short(block, entry + 2) === SHORT && value >= 1 && value <= 8;
    return isValid ? (value as Orientation) : 1;
  }
  return 1;
}

/** @returns an Exif block, without `Exif\0\0`, that has only this tag */
export function orientationBlock(orientation: Orientation): Uint8Array {
  const header = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8];
  const entry = [TAG >> 8, TAG & 0xff, 0, SHORT, 0, 0, 0, 1, 0, orientation, 0, 0];
  return Uint8Array.from([...header, 0, 1, ...entry, 0, 0, 0, 0]);
}

/** Whether width and height change places. */
export function isOnItsSide(orientation: Orientation): boolean {
  return orientation >= 5;
}
