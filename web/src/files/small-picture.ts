/** A smaller picture of one: JPEG, or PNG if it has transparent parts. */
export interface Small {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The pixels of a picture of 100 by 100 at most, four bytes each, for a ThumbHash. */
  readonly tiny: { readonly rgba: Uint8Array; readonly width: number; readonly height: number };
}

/** What the result stays within. */
export interface Bounds {
  /** In pixels. */
  readonly side: number;
  readonly bytes: number;
}

const TINY_SIDE = 100;
const QUALITIES = [0.82, 0.7, 0.55, 0.4];
/** By how much a picture shrinks that is still too large. */
const STEP = 0.75;
const SMALLEST_SIDE = 32;

/**
 * Decodes a picture and draws it smaller. It blocks its thread for as long as that takes.
 * @returns undefined when it can't be decoded, or when the browser doesn't let pages read what they draw
 */
export async function smallPicture(picture: Blob, { side, bytes: most }: Bounds): Promise<Small | undefined> {
  if (!canReadBack()) return undefined;
  const whole = await createImageBitmap(picture).catch(() => undefined);
  if (whole === undefined) return undefined;
  try {
    const tiny = pixelsOf(drawn(whole, TINY_SIDE));
    for (let now = side; now >= SMALLEST_SIDE; now = Math.floor(now * STEP)) {
      const canvas = drawn(whole, now);
      const blob = await encoded(canvas, hasTransparency(tiny.rgba), most);
      if (blob !== undefined) return { bytes: new Uint8Array(await blob.arrayBuffer()), tiny };
    }
    return undefined;
  } finally {
    whole.close();
  }
}

/** @returns undefined when it would be longer than `most` */
async function encoded(canvas: OffscreenCanvas, isTransparent: boolean, most: number) {
  if (isTransparent) {
    const png = await canvas.convertToBlob({ type: 'image/png' });
    return png.size <= most ? png : undefined;
  }
  for (const quality of QUALITIES) {
    const jpeg = await canvas.convertToBlob({ type: 'image/jpeg', quality });
    if (jpeg.size <= most) return jpeg;
  }
  return undefined;
}

function drawn(picture: ImageBitmap, side: number): OffscreenCanvas {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const w = Math.max(1, Math.round(picture.width * scale));
  const h = Math.max(1, Math.round(picture.height * scale));
  const canvas = new OffscreenCanvas(w, h);
  const context = contextOf(canvas);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, w, h);
  return canvas;
}

function pixelsOf(canvas: OffscreenCanvas): Small['tiny'] {
  const { width, height } = canvas;
  const { data } = contextOf(canvas).getImageData(0, 0, width, height);
  return { rgba: new Uint8Array(data.buffer), width, height };
}

function hasTransparency(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return true;
  return false;
}

/** Browsers that hide how devices differ return noise instead of what was drawn. */
function canReadBack(): boolean {
  const context = contextOf(new OffscreenCanvas(2, 2));
  context.fillStyle = '#123456';
  context.fillRect(0, 0, 2, 2);
  const { data } = context.getImageData(0, 0, 2, 2);
  return data.every((byte, at) => byte === [0x12, 0x34, 0x56, 0xff][at % 4]);
}

/** @throws Error where no canvas can be drawn on */
function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('the browser gives no canvas to draw on');
  return context;
}
