import type { FileRow } from '@gochat/view/row';

/** Of a picture or a video in the timeline, in pixels. */
const MOST_WIDTH = 420;
const MOST_HEIGHT = 320;
const LEAST_WIDTH = 140;
const LEAST_HEIGHT = 64;
/** Of one whose size its sender didn't say. */
const UNKNOWN = { width: 320, height: 240 };

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether a file has a place of its own shape. The others have a line each. */
export function isTile({ kind }: FileRow): boolean {
  return kind === 'picture' || kind === 'video';
}

/**
 * The place that a single picture or video takes, also before it is here: what comes into it later moves nothing. Its shape is the
 * picture's own, unless that is very narrow or very flat: then a part of it is shown.
 */
export function placeOf({ width, height }: Pick<FileRow, 'width' | 'height'>): Size {
  if (width === undefined || height === undefined) return UNKNOWN;
  const scale = Math.min(1, MOST_WIDTH / width, MOST_HEIGHT / height);
  return {
    width: Math.max(LEAST_WIDTH, Math.round(width * scale)),
    height: Math.max(LEAST_HEIGHT, Math.round(height * scale)),
  };
}
