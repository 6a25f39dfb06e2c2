import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { followPointers, type Point } from './pointers.ts';
import { WHOLE, within, type Zoom, zoomed } from './zoom.ts';

/** A double click zooms by this much, from the whole picture. */
const CLOSE = 3;

/**
 * What wheel, fingers, pointer and keys have made of a picture.
 * @param stage with an element `.stage-picture` in it
 * @param id of the picture: another one begins as a whole
 */
export function useZoom(stage: RefObject<HTMLElement | null>, id: string) {
  const [zoom, setZoom] = useState(WHOLE);
  const fitted = (next: Zoom): Zoom => {
    const box = stage.current;
    const picture = box?.querySelector<HTMLElement>('.stage-picture');
    if (!box || !picture) return WHOLE;
    const size = { width: picture.offsetWidth, height: picture.offsetHeight };
    return within(next, size, { width: box.clientWidth, height: box.clientHeight });
  };
  const change = (by: number, point: Point = { x: 0, y: 0 }) =>
    setZoom((now) => fitted(zoomed(now, by, point)));
  const reset = () => setZoom(WHOLE);
  useLayoutEffect(reset, [id]);
  useLayoutEffect(() => {
    if (stage.current === null) return;
    return followPointers(stage.current, {
      zoomed: change,
      moved: ({ x, y }) =>
        setZoom((now) => (now.scale === 1 ? now : fitted({ ...now, x: now.x + x, y: now.y + y }))),
      doubled: (point) => setZoom((now) => (now.scale > 1 ? WHOLE : fitted(zoomed(now, CLOSE, point)))),
    });
  }, []);
  return { zoom, change, reset };
}
