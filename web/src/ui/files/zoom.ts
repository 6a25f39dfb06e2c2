/** How a picture lies in the box in which it fits: `scale` 1 shows the whole, `x` and `y` move its middle, in pixels. */
export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
const MOST = 8;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Zooms around a point, which stays where it is.
 * @param by a factor
 * @param point from the middle of the box, in pixels
 */
export function zoomed(zoom: Zoom, by: number, point: { readonly x: number; readonly y: number }): Zoom {
  const scale = Math.max(1, Math.min(MOST, zoom.scale * by));
  const ratio = scale / zoom.scale;
  return {
    scale,
    x: point.x - (point.x - zoom.x) * ratio,
    y: point.y - (point.y - zoom.y) * ratio,
  };
}

/** Moves a picture no further than its edge to that of the box. @param picture its size at scale 1 */
export function within(zoom: Zoom, picture: Size, box: Size): Zoom {
  const limit = (at: number, side: number, room: number) => {
    const most = Math.max(0, (side * zoom.scale - room) / 2);
    return Math.max(-most, Math.min(most, at)) || 0;
  };
  return {
    scale: zoom.scale,
    x: limit(zoom.x, picture.width, box.width),
    y: limit(zoom.y, picture.height, box.height),
  };
}
