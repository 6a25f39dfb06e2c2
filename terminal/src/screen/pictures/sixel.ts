import type { Size } from '../draw/frame.ts';
import type { CellSize } from './graphics.ts';
import { type Pixels, scaledInto } from './pixels.ts';

const COLOURS = 256;
/** A row of sixels is six pixels high. */
const SIXEL = 6;

/** The output that draws a picture at the cursor, no larger than its place. */
export async function sixelSequence(pixels: Pixels, box: Size, cell: CellSize): Promise<string> {
  // Few terminals need it.
  const { image2sixel } = await import('sixel');
  const height = box.rows * cell.height;
  const {
    rgba,
    width,
    height: drawn,
  } = scaledInto(pixels, {
    width: box.columns * cell.width,
    height: Math.max(1, height - (height % SIXEL)),
  });
  // 1: what is transparent shows the screen.
  return image2sixel(rgba, width, drawn, COLOURS, 1);
}
