import type { Orientation } from './orientation.ts';

/** The size of a picture as it is stored, in pixels, and how it must be turned. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
}
