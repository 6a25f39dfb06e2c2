import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { rgbaToThumbHash, thumbHashToAverageRGBA, thumbHashToRGBA } from 'thumbhash';
import { byte } from './bytes.ts';

/** Pixels row by row, four bytes each: red, green, blue, opacity. */
export interface Pixels {
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A ThumbHash describes nothing finer. */
const SIDE = 100;
/** The least that has the shape and the average. */
const LEAST_BYTES = 6;

/** @returns the ThumbHash as base64url: a blurred picture in at most 25 bytes */
export function thumbFrom(rgba: Uint8Array, width: number, height: number): string {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  return encodeBytes(rgbaToThumbHash(w, h, scale < 1 ? averaged({ rgba, width, height }, w, h) : rgba));
}

/** The average of each part. Colours count as far as they are opaque. */
function averaged({ rgba, width, height }: Pixels, w: number, h: number): Uint8Array {
  const pixels = new Uint8Array(w * h * 4);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const sum = [0, 0, 0, 0] as [number, number, number, number];
      const [top, bottom] = [Math.floor((y * height) / h), Math.floor(((y + 1) * height) / h)];
      const [left, right] = [Math.floor((x * width) / w), Math.floor(((x + 1) * width) / w)];
      for (let row = top; row < bottom; row++)
        for (let at = 4 * (row * width + left); at < 4 * (row * width + right); at += 4) add(sum, rgba, at);
      const [red, green, blue, opacity] = sum;
      const parts = [
        red / opacity,
        green / opacity,
        blue / opacity,
        opacity / ((bottom - top) * (right - left)),
      ];
      pixels.set(
        parts.map((part) => Math.round(part) || 0),
        4 * (y * w + x),
      );
    }
  return pixels;
}

function add(sum: [number, number, number, number], rgba: Uint8Array, at: number): void {
  const opacity = byte(rgba, at + 3);
  sum[0] += byte(rgba, at) * opacity;
  sum[1] += byte(rgba, at + 1) * opacity;
  sum[2] += byte(rgba, at + 2) * opacity;
  sum[3] += opacity;
}

/** @returns some 32 pixels on the longer side; undefined for a hash that is cut */
export function thumbToRgba(thumb: string): Pixels | undefined {
  const hash = hashOf(thumb);
  if (hash === undefined) return undefined;
  const { w, h, rgba } = thumbHashToRGBA(hash);
  return w > 0 && h > 0 ? { rgba, width: w, height: h } : undefined;
}

/** @returns the average colour, each part from 0 to 255 */
export function averageColour(thumb: string): { r: number; g: number; b: number } | undefined {
  const hash = hashOf(thumb);
  if (hash === undefined) return undefined;
  const { r, g, b } = thumbHashToAverageRGBA(hash);
  return { r: Math.round(255 * r), g: Math.round(255 * g), b: Math.round(255 * b) };
}

function hashOf(thumb: string): Uint8Array | undefined {
  try {
    const hash = decodeBytes(thumb);
    return hash.length < LEAST_BYTES ? undefined : hash;
  } catch {
    return undefined;
  }
}
