import { av1Size } from './av1.ts';
import { av1Items } from './avif-items.ts';
import { type Box, boxes, boxOf, FULL_BYTES } from './boxes.ts';
import { byte, uint16, uint32 } from './bytes.ts';
import { Damaged } from './damaged.ts';
import type { Orientation } from './orientation.ts';
import type { Size } from './size.ts';

/** The tiles of a grid are larger than the picture by what is cut off at its ends. */
const MORE_PIXELS = 8_000_000;

/**
 * The size of the primary item (ISO/IEC 23008-12, section 6.5), as it is before it is turned.
 * @throws Damaged
 */
export function avifSize(bytes: Uint8Array): Size {
  const meta = boxOf(bytes, 'meta', 0, bytes.length);
  const inMeta = (type: string) => boxOf(bytes, type, meta.body + FULL_BYTES, meta.end);
  const iprp = inMeta('iprp');
  const ipco = boxOf(bytes, 'ipco', iprp.body, iprp.end);
  const primary = primaryItem(bytes, inMeta('pitm'));
  const indexes = new Set(propertiesOf(bytes, boxOf(bytes, 'ipma', iprp.body, iprp.end), primary));
  let size: { width: number; height: number } | undefined;
  let quarters = 0;
  let axis: number | undefined;
  let index = 0;
  for (const { type, body } of boxes(bytes, ipco.body, ipco.end)) {
    index++;
    if (!indexes.has(index)) continue;
    if (type === 'ispe')
      size ??= {
        width: uint32(bytes, body + FULL_BYTES),
        height: uint32(bytes, body + FULL_BYTES + 4),
      };
    if (type === 'irot') quarters = byte(bytes, body) & 3;
    if (type === 'imir') axis = byte(bytes, body) & 1;
  }
  if (size === undefined) throw new Damaged('no-size');
  return { ...size, orientation: turned(quarters, axis) };
}

/** @param quarters turns against the clock; @param axis of a mirror: 0 swaps top and bottom, 1 left and right, after turning */
function turned(quarters: number, axis: number | undefined): Orientation {
  const plain = [1, 8, 3, 6] as const;
  const mirrored = axis === 0 ? ([4, 7, 2, 5] as const) : ([2, 5, 4, 7] as const);
  return (axis === undefined ? plain : mirrored)[quarters as 0 | 1 | 2 | 3];
}

function primaryItem(bytes: Uint8Array, { body }: Box): number {
  return byte(bytes, body) === 0 ? uint16(bytes, body + FULL_BYTES) : uint32(bytes, body + FULL_BYTES);
}

/** @returns the indexes of an item's properties, from 1 on */
function propertiesOf(bytes: Uint8Array, { body, end }: Box, item: number): number[] {
  const idBytes = byte(bytes, body) === 0 ? 2 : 4;
  const isWide = (byte(bytes, body + 3) & 1) === 1;
  let at = body + FULL_BYTES + 4;
  while (at < end) {
    const id = idBytes === 2 ? uint16(bytes, at) : uint32(bytes, at);
    const count = byte(bytes, at + idBytes);
    const first = at + idBytes + 1;
    at = first + count * (isWide ? 2 : 1);
    if (id !== item) continue;
    return Array.from({ length: count }, (_, i) =>
      isWide ? uint16(bytes, first + 2 * i) & 0x7fff : byte(bytes, first + i) & 0x7f,
    );
  }
  throw new Damaged('an-item-without-properties');
}

/**
 * @returns where the last box ends, which is the end of the file
 * @throws Damaged also if it isn't a still picture, or its images are larger than the file says: decoders believe the images
 */
export function endOfAvif(bytes: Uint8Array): number {
  const { width, height } = avifSize(bytes);
  let pixels = 0;
  for (const { type } of boxes(bytes, 0, bytes.length))
    if (type === 'moov') throw new Damaged('an-animation');
  for (const { start, end } of av1Items(bytes)) {
    const image = av1Size(bytes, start, end);
    pixels += image.width * image.height;
  }
  if (pixels === 0) throw new Damaged('no-image');
  // Opacity is an image of its own.
  if (pixels > 2 * width * height + MORE_PIXELS) throw new Damaged('two-sizes');
  return bytes.length;
}
