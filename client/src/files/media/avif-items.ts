import { type Box, boxes, boxOf, FULL_BYTES } from './boxes.ts';
import { byte, hasText, uint16, uint32 } from './bytes.ts';
import { Damaged } from './damaged.ts';

/** Where the first bytes of an item are. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * The AV1 images of a file (ISO/IEC 14496-12, sections 8.11.3 and 8.11.6): the picture or its tiles, opacity, thumbnails.
 * @throws Damaged where one isn't in the file
 */
export function* av1Items(bytes: Uint8Array): Generator<Extent> {
  const meta = boxOf(bytes, 'meta', 0, bytes.length);
  const inMeta = (type: string) => boxOf(bytes, type, meta.body + FULL_BYTES, meta.end);
  const images = new Set(av1Ids(bytes, inMeta('iinf')));
  const idat = () => inMeta('idat').body;
  for (const { id, start, end } of extents(bytes, inMeta('iloc'), idat)) {
    if (!images.delete(id)) continue;
    if (start >= end || end > bytes.length) throw new Damaged('an-item-outside-of-the-file');
    yield { start, end };
  }
  if (images.size > 0) throw new Damaged('an-item-without-a-place');
}

function* av1Ids(bytes: Uint8Array, iinf: Box): Generator<number> {
  const countBytes = byte(bytes, iinf.body) === 0 ? 2 : 4;
  for (const { type, body } of boxes(bytes, iinf.body + FULL_BYTES + countBytes, iinf.end)) {
    const isWide = byte(bytes, body) === 3;
    const id = isWide ? uint32(bytes, body + FULL_BYTES) : uint16(bytes, body + FULL_BYTES);
    const typeAt = body + FULL_BYTES + (isWide ? 6 : 4);
    if (type === 'infe' && hasText(bytes, typeAt, 'av01')) yield id;
  }
}

/** The first extent of each item. @param idat where the bytes are that the box of metadata has itself */
function* extents(
  bytes: Uint8Array,
  { body, end }: Box,
  idat: () => number,
): Generator<Extent & { id: number }> {
  const version = byte(bytes, body);
  const sizes = uint16(bytes, body + FULL_BYTES);
  const [offset, length, base, index] = [
    sizes >> 12,
    (sizes >> 8) & 15,
    (sizes >> 4) & 15,
    sizes & 15,
  ] as const;
  const idBytes = version < 2 ? 2 : 4;
  const hasMethod = version > 0;
  const extentBytes = offset + length + (hasMethod ? index : 0);
  const count = numberAt(bytes, body + FULL_BYTES + 2, idBytes);
  let at = body + FULL_BYTES + 2 + idBytes;
  for (let i = 0; i < count; i++) {
    const id = numberAt(bytes, at, idBytes);
    at += idBytes;
    const method = hasMethod ? uint16(bytes, at) & 15 : 0;
    at += (hasMethod ? 2 : 0) + 2;
    const from = numberAt(bytes, at, base) + (method === 1 ? idat() : 0);
    const first = at + base + 2 + (hasMethod ? index : 0);
    at += base + 2 + uint16(bytes, at + base) * extentBytes;
    if (at > end || method > 1) throw new Damaged('the-place-of-an-item');
    const start = from + numberAt(bytes, first, offset);
    yield { id, start, end: start + numberAt(bytes, first + offset, length) };
  }
}

function numberAt(bytes: Uint8Array, at: number, size: number): number {
  if (size === 0) return 0;
  if (size === 2) return uint16(bytes, at);
  if (size === 4) return uint32(bytes, at);
  if (size === 8) return uint32(bytes, at) * 2 ** 32 + uint32(bytes, at + 4);
  throw new Damaged('the-size-of-a-number');
}
