import { cleanFileName } from '@gochat/crypto/file-name';
import { bytesOf, headOf, readable, wholeOf } from './file-bytes.ts';
import type { FileSource, Prepared, PrepareOptions, Preview } from './files.ts';
import { shownPicture } from './media/picture.ts';
import { pictureType, sniff } from './media/sniff.ts';
import { isCleanable, mayTell, stripMetadata } from './media/strip-metadata.ts';
import { PREVIEW_LIMITS } from './preview-limits.ts';

const TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;
const HEAD_BYTES = 4096;
/** A larger picture is sent as it is: it would have to be in memory twice. */
const PICTURE_BYTES = 64 * 1024 * 1024;

/** A file as it will be sent. */
export interface DescribedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly stream: () => AsyncIterable<Uint8Array>;
  readonly kept: Prepared['kept'];
  readonly w?: number;
  readonly h?: number;
  readonly preview?: Preview;
}

/**
 * What a message says of a file. Metadata of a picture is removed, unless the options say otherwise.
 * @throws ChatError `file-changed`, `file-unreadable`
 */
export async function describeFile(source: FileSource, options: PrepareOptions): Promise<DescribedFile> {
  const { bytes } = source;
  const head = await headOf(source, HEAD_BYTES);
  const type = typeFor(head, source.type);
  const name = cleanFileName(source.name);
  const isPicture = pictureType(head) !== undefined || isCleanable(head);
  if (isPicture && bytes <= PICTURE_BYTES) return { name, type, ...(await picture(source, type, options)) };
  const isOwnRecording = options.voice !== undefined;
  const reveals = !options.keepMetadata && !isOwnRecording && mayTell(head, type);
  return { name, type, bytes, stream: () => readable(source), kept: reveals ? ['metadata'] : [] };
}

async function picture(
  source: FileSource,
  type: string,
  { keepMetadata = false, makePreview }: PrepareOptions,
): Promise<Omit<DescribedFile, 'name' | 'type'>> {
  const whole = await wholeOf(source);
  const { bytes, kept } = keepMetadata ? { bytes: whole, kept: false } : stripMetadata(whole, type);
  const file = {
    bytes: bytes.length,
    stream: () => bytesOf(bytes),
    kept: kept ? (['metadata'] as const) : [],
  };
  const shown = shownPicture(bytes);
  if (shown === undefined) return file;
  // A picture without a preview is better than none.
  const made = await makePreview?.(bytes as Uint8Array<ArrayBuffer>, type).catch(() => undefined);
  const fits = made !== undefined && made.bytes.length > 0 && made.bytes.length <= PREVIEW_LIMITS.bytes;
  return { ...file, w: shown.width, h: shown.height, ...(fits && { preview: made }) };
}

/** What the bytes show comes first. A container looks the same without a picture in it: its maker knows that it has only sound. */
function typeFor(head: Uint8Array, given: string | undefined): string {
  const [sniffed, said] = [sniff(head), typeOf(given)];
  return sniffed === undefined || sniffed === said.replace(/^audio\//, 'video/') ? said : sniffed;
}

function typeOf(given: string | undefined): string {
  const type = (given ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type.length <= 127 && TYPE.test(type) ? type : 'application/octet-stream';
}
