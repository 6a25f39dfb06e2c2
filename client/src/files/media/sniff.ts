import { hasText, textAt, uint16le, uint32 } from './bytes.ts';
import { PICTURE_TYPES, type PictureType } from './picture-types.ts';

/** Marks at fixed places, in the order in which they are tried. */
const MARKS: readonly (readonly [type: string, ...marks: (readonly [at: number, text: string])[]])[] = [
  ['image/jpeg', [0, '\xff\xd8\xff']],
  ['image/png', [0, '\x89PNG\r\n\x1a\n']],
  ['image/gif', [0, 'GIF87a']],
  ['image/gif', [0, 'GIF89a']],
  ['image/webp', [0, 'RIFF'], [8, 'WEBP']],
  ['audio/wav', [0, 'RIFF'], [8, 'WAVE']],
  ['video/x-msvideo', [0, 'RIFF'], [8, 'AVI ']],
  ['image/tiff', [0, 'II*\0']],
  ['image/tiff', [0, 'MM\0*']],
  ['image/jxl', [0, '\xff\x0a']],
  ['image/jxl', [4, 'JXL \r\n\x87\n']],
  ['image/jp2', [4, 'jP  \r\n\x87\n']],
  ['image/vnd.adobe.photoshop', [0, '8BPS']],
  ['audio/flac', [0, 'fLaC']],
  ['audio/midi', [0, 'MThd']],
  ['application/pdf', [0, '%PDF-']],
  ['application/postscript', [0, '%!PS']],
  ['application/rtf', [0, '{\\rtf']],
  ['application/x-ole-storage', [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1']],
  ['application/gzip', [0, '\x1f\x8b']],
  ['application/x-7z-compressed', [0, "7z\xbc\xaf'\x1c"]],
  ['application/vnd.rar', [0, 'Rar!\x1a\x07']],
  ['application/x-xz', [0, '\xfd7zXZ\0']],
  ['application/zstd', [0, '\x28\xb5\x2f\xfd']],
  ['application/x-elf', [0, '\x7fELF']],
];

/** Brands of files that begin with `ftyp` (ISO/IEC 14496-12, section 4.3). */
const BRANDS: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  avis: 'image/avif',
  heic: 'image/heic',
  heix: 'image/heic',
  heim: 'image/heic',
  heis: 'image/heic',
  hevc: 'image/heic',
  hevx: 'image/heic',
  'qt  ': 'video/quicktime',
  'M4A ': 'audio/mp4',
  'M4B ': 'audio/mp4',
};
/** Of pictures of any codec: another brand says which. */
const PICTURE_BRANDS = ['mif1', 'msf1', 'miaf'];
const BRANDS_READ = 32;

/** How far text is searched for the start of a document. */
const TEXT_BYTES = 512;

/**
 * What a file is by its first bytes, whatever it is called: 4 KiB are enough.
 * @returns a media type; undefined if the bytes are text or of no kind that is known here
 */
export function sniff(bytes: Uint8Array): string | undefined {
  const found = MARKS.find(([, ...marks]) => marks.every(([at, text]) => hasText(bytes, at, text)));
  if (found !== undefined) return found[0];
  if (hasText(bytes, 4, 'ftyp')) return typeOfBrands(bytes);
  if (['moov', 'mdat', 'wide'].some((type) => hasText(bytes, 4, type))) return 'video/quicktime';
  if (uint32(bytes, 0) === 0x1a45dfa3) return typeOfMatroska(bytes);
  if (hasText(bytes, 0, 'OggS')) return hasText(bytes, 28, '\x80theora') ? 'video/ogg' : 'audio/ogg';
  if (hasText(bytes, 0, 'PK\x03\x04')) return typeOfZip(bytes);
  if (hasText(bytes, 0, 'ID3') || isMp3Frame(bytes)) return 'audio/mpeg';
  return typeOfMarkup(bytes);
}

/** @returns the type by magic bytes if it is one that may be shown as a picture */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  const type = sniff(bytes);
  return PICTURE_TYPES.find((known) => known === type);
}

function typeOfBrands(bytes: Uint8Array): string {
  const end = Math.min(uint32(bytes, 0), bytes.length, 16 + 4 * BRANDS_READ);
  const major = textAt(bytes, 8, 4);
  const others: string[] = [];
  for (let at = 16; at + 4 <= end; at += 4) others.push(textAt(bytes, at, 4));
  const own = PICTURE_BRANDS.includes(major) ? others.find((brand) => Object.hasOwn(BRANDS, brand)) : major;
  if (own !== undefined && Object.hasOwn(BRANDS, own)) return BRANDS[own] as string;
  if (PICTURE_BRANDS.includes(major)) return 'image/heif';
  return major.startsWith('3g') ? 'video/3gpp' : 'video/mp4';
}

function typeOfMatroska(bytes: Uint8Array): string {
  const head = textAt(bytes, 0, 64);
  return head.includes('webm') ? 'video/webm' : 'video/x-matroska';
}

/** Documents that are zip archives name what they are in their first entry. */
function typeOfZip(bytes: Uint8Array): string {
  const name = textAt(bytes, 30, Math.min(uint16le(bytes, 26), 64));
  if (name === '[Content_Types].xml' || /^(_rels|docProps|word|xl|ppt)\//.test(name))
    return 'application/vnd.openxmlformats-officedocument';
  if (name !== 'mimetype') return 'application/zip';
  const type = /^application\/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z-]+)/.exec(textAt(bytes, 38, 64));
  return type?.[0] ?? 'application/zip';
}

/** The header of a frame of layer II or III (ISO/IEC 11172-3, section 2.4.1.3). */
function isMp3Frame(bytes: Uint8Array): boolean {
  const header = uint32(bytes, 0);
  const [version, layer, rate, frequency] = [
    (header >>> 19) & 3,
    (header >>> 17) & 3,
    (header >>> 12) & 15,
    (header >>> 10) & 3,
  ];
  const isValid = version !== 1 && (layer === 1 || layer === 2);
  return header >>> 21 === 0x7ff && isValid && rate !== 0 && rate !== 15 && frequency !== 3;
}

function typeOfMarkup(bytes: Uint8Array): string | undefined {
  const text = textAt(bytes, 0, TEXT_BYTES)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (/^<\?xml|^<!--|^<svg|^<!doctype svg/.test(text))
    return text.includes('<svg') ? 'image/svg+xml' : 'text/xml';
  return /^<(!doctype html|html|head|body|script|iframe|title|style)\b/.test(text) ? 'text/html' : undefined;
}
