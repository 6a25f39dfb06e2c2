import { keptPlace } from '@gochat/view/kept-place';
import type { Row } from '@gochat/view/row';
import type { RowHeights } from './row-heights.ts';

/** The reading position: a row and the distance of its top from the top of the visible part; or the end, which follows new rows. */
export interface ScrollAnchor {
  readonly key: string;
  readonly offset: number;
  readonly atEnd: boolean;
}

/** A position this near to the end counts as the end, in pixels. */
export const SLACK = 24;

/** The height that the floating day label covers, in pixels. */
const COVERED = 40;

/** The reading position after the rows have changed: rows may disappear, and the one above it that is still there stays where it is. */
export function keptAnchor(
  place: ScrollAnchor,
  before: readonly Row[],
  after: readonly Row[],
  heights: RowHeights,
): ScrollAnchor {
  const key = place.atEnd || place.key === '' ? place.key : keptPlace(before, after, place.key);
  const [was, is] = [heights.index(place.key), key === undefined ? undefined : heights.index(key)];
  if (key === undefined || key === place.key || was === undefined || is === undefined) return place;
  return { ...place, key, offset: place.offset + heights.top(is) - heights.top(was) };
}

/** The scroll offset that restores a reading position. */
export function topOf(place: ScrollAnchor, heights: RowHeights, view: number): number {
  const bottom = Math.max(0, heights.total - view);
  if (place.atEnd) return bottom;
  const at = heights.index(place.key);
  return at === undefined ? bottom : Math.max(0, Math.min(bottom, heights.top(at) - place.offset));
}

/** The reading position at the box's scroll offset. */
export function placeAt(rows: readonly Row[], heights: RowHeights, box: HTMLElement): ScrollAnchor {
  const at = heights.at(box.scrollTop);
  return {
    key: rows[at]?.key ?? '',
    offset: heights.top(at) - box.scrollTop,
    atEnd: box.scrollTop + box.clientHeight >= box.scrollHeight - SLACK,
  };
}

/** The day of the topmost visible row; undefined when a day's own row is visible there. */
export function dayAbove(
  days: readonly { readonly at: number; readonly text: string }[],
  heights: RowHeights,
  top: number,
): string | undefined {
  const below = days.findIndex(({ at }) => heights.top(at + 1) > top);
  const next = days[below];
  if (next !== undefined && heights.top(next.at) < top + COVERED) return undefined;
  return days[below === -1 ? days.length - 1 : below - 1]?.text;
}
