import { textAt, uint32 } from './bytes.ts';
import { Damaged } from './damaged.ts';

/** Of the ISO base media file format (ISO/IEC 14496-12, section 4.2). */
export interface Box {
  readonly type: string;
  readonly body: number;
  readonly end: number;
}

/** Version and flags, which come first in a full box. */
export const FULL_BYTES = 4;

/** @throws Damaged where a file isn't a sequence of boxes */
export function* boxes(bytes: Uint8Array, from: number, to: number): Generator<Box> {
  let at = from;
  while (at < to) {
    if (at + 8 > to) throw new Damaged('a-box');
    const size = uint32(bytes, at);
    const isLong = size === 1;
    const body = at + (isLong ? 16 : 8);
    const length = isLong ? uint32(bytes, at + 8) * 2 ** 32 + uint32(bytes, at + 12) : size;
    const end = size === 0 ? to : at + length;
    if (end < body || end > to) throw new Damaged('the-size-of-a-box');
    yield { type: textAt(bytes, at + 4, 4), body, end };
    at = end;
  }
}

export function boxOf(bytes: Uint8Array, type: string, from: number, to: number): Box {
  for (const box of boxes(bytes, from, to)) if (box.type === type) return box;
  throw new Damaged(`no ${type}`);
}
