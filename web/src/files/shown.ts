import { shownPicture as judged } from '@gochat/client/picture';
import { sniff } from '@gochat/client/sniff';

/** The only types that are played. */
const RECORDINGS: ReadonlySet<string> = new Set([
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'audio/flac',
  'audio/mp4',
  'video/mp4',
  'video/webm',
  'video/ogg',
  'video/quicktime',
]);
/** Enough of a file for its magic bytes. */
const HEAD_BYTES = 4096;

/**
 * A picture to draw, by its bytes alone, whatever name and type came with it.
 * @returns undefined for what may only be saved
 */
export function shownPicture(bytes: Uint8Array): Blob | undefined {
  const picture = judged(bytes);
  return picture && new Blob([bytes as Uint8Array<ArrayBuffer>], { type: picture.type });
}

/** A recording or a video to play, by its bytes alone. @returns undefined for what is neither */
export function playedRecording(bytes: Uint8Array): Blob | undefined {
  const type = sniff(bytes.subarray(0, HEAD_BYTES));
  if (type === undefined || !RECORDINGS.has(type)) return undefined;
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
}
