import type { Row } from '@gochat/view/row';
import type { RowHeights } from './row-heights.ts';

/** Where the reader stands: a row and how far its top lies below the top of the screen; or at the end, following what comes. */
export interface ScrollAnchor {
  readonly key: string;
  readonly offset: number;
  readonly atEnd: boolean;
}

/** So near the end counts as at it. */
export const SLACK = 24;

/** What the day above covers. */
const COVERED = 40;

/** How far to scroll, so that the reader stands where they stood. */
export function topOf(place: ScrollAnchor, heights: RowHeights, view: number): number {
  const bottom = Math.max(0, heights.total - view);
  if (place.atEnd) return bottom;
  const at = heights.index(place.key);
  return at === undefined ? bottom : Math.max(0, Math.min(bottom, heights.top(at) - place.offset));
}

/** Where the reader stands when it was scrolled so far. */
export function placeAt(rows: readonly Row[], heights: RowHeights, box: HTMLElement): ScrollAnchor {
  const at = heights.at(box.scrollTop);
  return {
    key: rows[at]?.key ?? '',
    offset: heights.top(at) - box.scrollTop,
    atEnd: box.scrollTop + box.clientHeight >= box.scrollHeight - SLACK,
  };
}

/** The day of what stands at the top, unless a day's own row is to be seen there. */
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
