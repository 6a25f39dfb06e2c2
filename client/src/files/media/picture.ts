import { avifSize, endOfAvif } from './avif.ts';
import { unlessDamaged } from './damaged.ts';
import { endOfGif, gifSize } from './gif.ts';
import { endOfJpeg, jpegSize } from './jpeg.ts';
import { isOnItsSide, type Orientation } from './orientation.ts';
import type { PictureType } from './picture-types.ts';
import { endOfPng, pngSize } from './png.ts';
import type { Size } from './size.ts';
import { pictureType, sniff } from './sniff.ts';
import { endOfWebp, webpSize } from './webp.ts';

/** A picture as it is shown, after it was turned. */
export interface Shown {
  readonly type: PictureType;
  readonly width: number;
  readonly height: number;
}

/** What is larger is only saved: a decoder needs four bytes for each pixel, and more. */
export const MAX_PIXELS = 50_000_000;
const MAX_SIDE = 1_000_000;

const SIZES: Readonly<Record<PictureType, (bytes: Uint8Array) => Size>> = {
  'image/jpeg': jpegSize,
  'image/png': pngSize,
  'image/gif': gifSize,
  'image/webp': webpSize,
  'image/avif': avifSize,
};
const ENDS: Readonly<Record<PictureType, (bytes: Uint8Array) => number>> = {
  'image/jpeg': endOfJpeg,
  'image/png': endOfPng,
  'image/gif': endOfGif,
  'image/webp': endOfWebp,
  'image/avif': endOfAvif,
};
/** What cameras append to a picture: a short film, or another picture. */
const MAY_FOLLOW = ['image/jpeg', 'video/mp4', 'video/quicktime'];

/** How much of what follows is looked at. */
const TEXT_BYTES = 64;

/** @returns the size as it is shown, from the headers alone; undefined if it is no picture that could be shown, or damaged */
export function dimensions(bytes: Uint8Array): { width: number; height: number } | undefined {
  const stored = storedSize(bytes);
  if (stored === undefined) return undefined;
  const { width, height, orientation } = stored;
  return isOnItsSide(orientation) ? { width: height, height: width } : { width, height };
}

/** How a decoded picture must be turned, for decoders that don't do it. */
export function orientationOf(bytes: Uint8Array): Orientation {
  return storedSize(bytes)?.orientation ?? 1;
}

function storedSize(bytes: Uint8Array): Size | undefined {
  const type = pictureType(bytes);
  const size = type && unlessDamaged(() => SIZES[type](bytes));
  if (size === undefined || Math.min(size.width, size.height) < 1) return undefined;
  return Math.max(size.width, size.height) > MAX_SIDE ? undefined : size;
}

/**
 * Whether a whole file may be decoded and shown as a picture, by its bytes alone.
 * @returns undefined for what may only be saved: other types, damaged and cut files, more than 50 megapixels, and files that go on as
 * a document, program or text after the picture
 */
export function shownPicture(bytes: Uint8Array): Shown | undefined {
  const type = pictureType(bytes);
  const size = dimensions(bytes);
  if (type === undefined || size === undefined || size.width * size.height > MAX_PIXELS) return undefined;
  const end = unlessDamaged(() => ENDS[type](bytes));
  if (end === undefined) return undefined;
  return mayFollow(bytes.subarray(end)) ? { type, ...size } : undefined;
}

function mayFollow(rest: Uint8Array): boolean {
  const type = sniff(rest);
  if (type !== undefined) return MAY_FOLLOW.includes(type);
  const head = rest.subarray(0, TEXT_BYTES);
  return head.length === 0 || !head.every(isOfText);
}

/** Whether scripts contain this byte: what is printed, tabs and ends of lines. */
function isOfText(value: number): boolean {
  return (value >= 0x20 && value < 0x7f) || (value >= 0x09 && value <= 0x0d);
}
