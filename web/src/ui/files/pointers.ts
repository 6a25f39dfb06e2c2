export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Points are from the middle of the box, in pixels. */
interface Follower {
  /** By wheel or by two fingers. @param by a factor */
  zoomed(by: number, point: Point): void;
  /** By one finger or a pressed pointer. */
  moved(by: Point): void;
  doubled(point: Point): void;
}

/** So many pixels of a wheel change the size by the factor e. */
const WHEEL = 400;

/** Follows what pointers do in a box. @returns a function that stops this */
export function followPointers(box: HTMLElement, follower: Follower): () => void {
  const down = new Map<number, Point>();
  const end = new AbortController();
  const { signal } = end;
  const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top, width, height } = box.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  };
  const onMove = (event: PointerEvent) => {
    const before = down.get(event.pointerId);
    if (before === undefined) return;
    const now = pointOf(event);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, now);
    if (other === undefined) follower.moved({ x: now.x - before.x, y: now.y - before.y });
    else {
      const by = distance(now, other) / Math.max(1, distance(before, other));
      follower.zoomed(by, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    }
  };
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    follower.zoomed(Math.exp(-event.deltaY / WHEEL), pointOf(event));
  };
  const onDown = (event: PointerEvent) => {
    down.set(event.pointerId, pointOf(event));
    box.setPointerCapture(event.pointerId);
  };
  const onUp = (event: PointerEvent) => void down.delete(event.pointerId);
  box.addEventListener('wheel', onWheel, { passive: false, signal });
  box.addEventListener('pointerdown', onDown, { signal });
  box.addEventListener('pointermove', onMove, { signal });
  box.addEventListener('pointerup', onUp, { signal });
  box.addEventListener('pointercancel', onUp, { signal });
  box.addEventListener('dblclick', (event) => follower.doubled(pointOf(event)), { signal });
  return () => end.abort();
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
