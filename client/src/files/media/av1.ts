import { byte } from './bytes.ts';
import { Damaged } from './damaged.ts';

const SEQUENCE_HEADER = 1;
/** What may come before it: a delimiter, metadata and padding. */
const SKIPPED = [2, 5, 15];
const MOST_BEFORE = 16;

/**
 * The largest frame that an AV1 stream may have, by its sequence header (AV1 specification, section 5.5).
 * @throws Damaged if the stream doesn't begin with one
 */
export function av1Size(bytes: Uint8Array, start: number, end: number): { width: number; height: number } {
  let at = start;
  for (let i = 0; i < MOST_BEFORE && at < end; i++) {
    const header = byte(bytes, at);
    const type = (header >> 3) & 15;
    at += header & 4 ? 2 : 1;
    let size = end - at;
    if (header & 2) ({ size, at } = sizeAt(bytes, at));
    if (at + size > end) throw new Damaged('a-unit-of-the-stream');
    if (type === SEQUENCE_HEADER) return frameSize(new Bits(bytes, at, at + size));
    if (!SKIPPED.includes(type)) break;
    at += size;
  }
  throw new Damaged('no-sequence-header');
}

/** A number in groups of seven bits, the lowest first (section 4.10.5). */
function sizeAt(bytes: Uint8Array, start: number): { size: number; at: number } {
  let size = 0;
  for (let i = 0; i < 4; i++) {
    const value = byte(bytes, start + i);
    size += (value & 0x7f) * 2 ** (7 * i);
    if (value < 0x80) return { size, at: start + i + 1 };
  }
  throw new Damaged('a-size');
}

class Bits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #bit: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#end = 8 * end;
    this.#bit = 8 * start;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if (this.#bit >= this.#end) throw new Damaged('a-header-that-is-cut');
      value = 2 * value + ((byte(this.#bytes, Math.floor(this.#bit / 8)) >> (7 - (this.#bit % 8))) & 1);
      this.#bit++;
    }
    return value;
  }
}

function frameSize(bits: Bits): { width: number; height: number } {
  // Profile, and whether it is a still picture.
  bits.read(4);
  const isReduced = bits.read(1) === 1;
  if (isReduced) bits.read(5);
  else skipTiming(bits);
  const widthBits = bits.read(4) + 1;
  const heightBits = bits.read(4) + 1;
  return { width: bits.read(widthBits) + 1, height: bits.read(heightBits) + 1 };
}

/** Timing, decoder model and operating points. */
function skipTiming(bits: Bits): void {
  let delayBits = 0;
  if (bits.read(1) === 1) {
    bits.read(64);
    if (bits.read(1) === 1) skipVariable(bits);
    if (bits.read(1) === 1) {
      delayBits = bits.read(5) + 1;
      bits.read(32 + 5 + 5);
    }
  }
  const hasDelays = bits.read(1) === 1;
  const points = bits.read(5) + 1;
  for (let i = 0; i < points; i++) {
    bits.read(12);
    if (bits.read(5) > 7) bits.read(1);
    if (delayBits > 0 && bits.read(1) === 1) bits.read(2 * delayBits + 1);
    if (hasDelays && bits.read(1) === 1) bits.read(4);
  }
}

/** A number with as many zeros before it as it has bits (section 4.10.3). */
function skipVariable(bits: Bits): void {
  let zeros = 0;
  while (bits.read(1) === 0) zeros++;
  bits.read(Math.min(zeros, 32));
}
