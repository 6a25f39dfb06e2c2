import { Copy } from './bytes.ts';
import { unlessDamaged } from './damaged.ts';
import { copyGif, endOfGif } from './gif.ts';
import { copyJpeg, endOfJpeg } from './jpeg.ts';
import { copyPng, endOfPng } from './png.ts';
import { sniff } from './sniff.ts';
import { copyWebp, endOfWebp } from './webp.ts';

export interface Stripped {
  readonly bytes: Uint8Array;
  /** Metadata may be left: files of this kind can't be cleaned, or this one is damaged. Then the bytes are those that were given. */
  readonly kept: boolean;
}

/** The longest orientation that replaces none: of an Exif block that had nothing else, or of two. */
const MORE_BYTES = 64;

const CLEANERS: Readonly<Record<string, (bytes: Uint8Array, copy: Copy) => void>> = {
  'image/jpeg': (bytes, copy) => {
    endOfJpeg(bytes);
    copyJpeg(bytes, copy);
  },
  'image/png': (bytes, copy) => {
    endOfPng(bytes);
    copyPng(bytes, copy);
  },
  'image/gif': (bytes, copy) => {
    endOfGif(bytes);
    copyGif(bytes, copy);
  },
  'image/webp': (bytes, copy) => {
    endOfWebp(bytes);
    copyWebp(bytes, copy);
  },
};

/** Where cameras and programs write who made a file, where and when. */
const TELLING =
  /^(image|video|audio)\/|^application\/(pdf|postscript|rtf|x-ole-storage|msword|epub\+zip|vnd\.(openxmlformats|ms-|oasis\.))/;

/** Whether files that begin like this are cleaned: then all bytes are needed. 4 KiB are enough to tell. */
export function isCleanable(head: Uint8Array): boolean {
  return Object.hasOwn(CLEANERS, sniff(head) ?? '');
}

/**
 * Whether a file that can't be cleaned may say who made it, where or when.
 * @param head its first 4 KiB, @param type that it is said to have
 */
export function mayTell(head: Uint8Array, type = ''): boolean {
  return TELLING.test(type) || TELLING.test(sniff(head) ?? '');
}

/**
 * Removes what a picture says besides what is to be seen: where, when, by whom and with what it was made, comments, thumbnails, and
 * whatever follows its end. Pixels, colours, orientation and animation stay as they are, byte by byte.
 * @param type that the file is said to have: what it is, its bytes tell
 */
export function stripMetadata(bytes: Uint8Array, type = ''): Stripped {
  const cleaner = CLEANERS[sniff(bytes) ?? ''];
  if (cleaner === undefined) return { bytes, kept: mayTell(bytes, type) };
  const cleaned = unlessDamaged(() => {
    const copy = new Copy(bytes, MORE_BYTES);
    cleaner(bytes, copy);
    return copy.written();
  });
  return { bytes: cleaned ?? bytes, kept: cleaned === undefined };
}
