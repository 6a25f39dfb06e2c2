import { orientationOf, shownPicture } from '@gochat/client/picture';
import { PREVIEW_LIMITS } from '@gochat/client/preview-limits';
import { thumbFrom } from '@gochat/client/thumb';
import { type Job, type Picture, PictureThread } from './picture-thread.ts';

/** A smaller picture for others to see at once, and the size of the whole one as it is shown. */
export interface MadePreview {
  readonly bytes: Uint8Array;
  readonly w: number;
  readonly h: number;
  /** A ThumbHash as base64url. */
  readonly thumb: string;
}

/** Terminals take a few megabytes. */
const REWRITTEN_BYTES = 1024 * 1024;

/** For pictures of others: their previews are small. */
const received = new PictureThread({ megabytes: 64, ms: 2000 });
/** For the user's own pictures, as cameras make them. */
const own = new PictureThread({ megabytes: 512, ms: 20_000 });

/**
 * Decodes a JPEG or PNG picture of another person in a thread with 64 MB and 2 s, upright.
 * @param maxSide of the result, in pixels: larger pictures are made smaller
 * @returns undefined for what isn't to be shown (see `shownPicture`), other types, and what exceeds a limit
 */
export async function decodePicture(bytes: Uint8Array, maxSide: number): Promise<Picture | undefined> {
  const job = jobFor(bytes, maxSide);
  return job && (await received.run(job))?.picture;
}

/**
 * The same, as a file that is written here: a JPEG, or a PNG if something is transparent. No bytes of the other person are in it.
 * @returns undefined as {@link decodePicture}
 */
export async function rewritePicture(bytes: Uint8Array, maxSide: number): Promise<Uint8Array | undefined> {
  const job = jobFor(bytes, maxSide);
  return job && (await received.run({ ...job, encodeBytes: REWRITTEN_BYTES }))?.file;
}

/**
 * The same, as the sequence of sixels that draws it. @param space that it fills, in pixels: of a large one only a part
 * @returns undefined as {@link decodePicture}
 */
export async function sixelPicture(
  bytes: Uint8Array,
  space: { readonly width: number; readonly height: number },
): Promise<string | undefined> {
  const job = jobFor(bytes, Math.max(space.width, space.height));
  return job && (await received.run({ ...job, sixels: space }))?.sixels;
}

/**
 * The preview and ThumbHash of the user's own picture: a JPEG file, or a PNG file if something is transparent.
 * @returns undefined for other types than JPEG and PNG, and for pictures that are damaged or too large for this terminal
 */
export async function makePreview(bytes: Uint8Array): Promise<MadePreview | undefined> {
  const job = jobFor(bytes, PREVIEW_LIMITS.side);
  const shown = shownPicture(bytes);
  const result = job && (await own.run({ ...job, encodeBytes: PREVIEW_LIMITS.bytes }));
  if (shown === undefined || result?.file === undefined) return undefined;
  const { rgba, width, height } = result.picture;
  return { bytes: result.file, w: shown.width, h: shown.height, thumb: thumbFrom(rgba, width, height) };
}

function jobFor(bytes: Uint8Array, maxSide: number): Job | undefined {
  const type = shownPicture(bytes)?.type;
  if (type !== 'image/jpeg' && type !== 'image/png') return undefined;
  return { bytes, type, orientation: orientationOf(bytes), maxSide };
}
