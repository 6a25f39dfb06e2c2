import { byte, type Copy, hasText, uint16le } from './bytes.ts';
import { Damaged } from './damaged.ts';
import type { Size } from './size.ts';

/** Of a GIF file (GIF89a, sections 17 to 27): an image, an extension or the trailer. */
interface Block {
  /** `image`, `trailer` or the label of an extension. */
  readonly kind: 'image' | 'trailer' | number;
  readonly start: number;
  readonly end: number;
}

const HEADER_BYTES = 13;
const IMAGE = 0x2c;
const EXTENSION = 0x21;
const TRAILER = 0x3b;
const CONTROL = 0xf9;
const APPLICATION = 0xff;
/** Of an application extension: introducer, label, length and name. */
const APPLICATION_BYTES = 14;
const LOOPS = ['NETSCAPE2.0', 'ANIMEXTS1.0'];
const LOOP_BYTES = 3;
const COLOURS = 'ICCRGBG1012';

/** @throws Damaged where a file isn't a sequence of blocks that ends with a trailer */
function* gifBlocks(bytes: Uint8Array): Generator<Block> {
  let at = HEADER_BYTES + tableBytes(byte(bytes, 10));
  for (;;) {
    const start = at;
    const introducer = bytes[at];
    if (introducer === TRAILER) return yield { kind: 'trailer', start, end: at + 1 };
    if (introducer === IMAGE) {
      // Its descriptor, a table of colours, and the size of its first codes.
      at = endOfSubBlocks(bytes, at + 10 + tableBytes(byte(bytes, at + 9)) + 1);
      yield { kind: 'image', start, end: at };
    } else if (introducer === EXTENSION) {
      at = endOfSubBlocks(bytes, at + 2);
      yield { kind: byte(bytes, start + 1), start, end: at };
    } else throw new Damaged('neither-image-nor-extension');
  }
}

function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

function endOfSubBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) throw new Damaged('sub-blocks-without-an-end');
    at += length + 1;
    if (length === 0) return at;
  }
}

/** @throws Damaged */
export function gifSize(bytes: Uint8Array): Size {
  if (bytes.length < HEADER_BYTES) throw new Damaged('no-header');
  return { width: uint16le(bytes, 6), height: uint16le(bytes, 8), orientation: 1 };
}

/**
 * @returns where the picture ends: there may be more in the file
 * @throws Damaged also if an image lies outside of the screen: decoders that make it larger need more memory than its size says
 */
export function endOfGif(bytes: Uint8Array): number {
  const { width, height } = gifSize(bytes);
  let images = 0;
  for (const { kind, start, end } of gifBlocks(bytes)) {
    if (kind === 'image') {
      images++;
      const right = uint16le(bytes, start + 1) + uint16le(bytes, start + 5);
      const bottom = uint16le(bytes, start + 3) + uint16le(bytes, start + 7);
      if (right > width || bottom > height) throw new Damaged('an-image-outside-of-the-screen');
    }
    if (kind !== 'trailer') continue;
    if (images === 0) throw new Damaged('no-image');
    return end;
  }
  throw new Damaged('no-trailer');
}

/** Writes the images, how long each is shown, how often all are, and the colour profile. @throws Damaged */
export function copyGif(bytes: Uint8Array, copy: Copy): void {
  copy.take(0, HEADER_BYTES + tableBytes(byte(bytes, 10)));
  // A control belongs to what follows it, and goes with it.
  let control: Block | undefined;
  for (const block of gifBlocks(bytes)) {
    const { kind, start, end } = block;
    if (kind === CONTROL) control = block;
    else if (kind === 'image' || kind === 'trailer') {
      if (kind === 'image' && control !== undefined) copy.take(control.start, control.end);
      copy.take(start, end);
      control = undefined;
    } else if (kind === APPLICATION) copyApplication(bytes, copy, block);
    else if (kind === 0x01) control = undefined;
  }
}

function copyApplication(bytes: Uint8Array, copy: Copy, { start, end }: Block): void {
  const loopEnd = start + APPLICATION_BYTES + 1 + LOOP_BYTES;
  const isNamed = (name: string) => byte(bytes, start + 2) === name.length && hasText(bytes, start + 3, name);
  if (isNamed(COLOURS)) copy.take(start, end);
  else if (LOOPS.some(isNamed) && byte(bytes, loopEnd - LOOP_BYTES - 1) === LOOP_BYTES && loopEnd < end) {
    copy.take(start, loopEnd);
    copy.put([0]);
  }
}
