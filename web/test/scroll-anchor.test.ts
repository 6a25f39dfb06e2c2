import type { Row } from '@gochat/view/row';
import { expect, test } from 'vitest';
import { RowHeights } from '../src/ui/timeline/row-heights.ts';
import { keptAnchor, topOf } from '../src/ui/timeline/scroll-anchor.ts';

const rows = (keys: string): readonly Row[] =>
  [...keys].map((key): Row => ({ kind: 'day', key, text: key, spoken: key }));

/** Where the rows are on the screen that somebody reads whose topmost row is at a place. */
function stays(before: string, after: string, at: string) {
  const heights = new RowHeights(100);
  heights.lay([...before]);
  const place = { key: at, offset: -30, atEnd: false };
  const top = topOf(place, heights, 200);
  const kept = keptAnchor(place, rows(before), rows(after), heights);
  const was = heights.top(heights.index(kept.key) ?? 0) - top;
  heights.lay([...after]);
  const is = heights.top(heights.index(kept.key) ?? 0) - topOf(kept, heights, 200);
  return { key: kept.key, was, is };
}

test.each([
  ['abcdefghij', 'cdefghij', 'e', 'e', -30],
  ['abcdefghij', 'bcdfghij', 'e', 'f', 70],
  ['abcdefghij', 'abcdhij', 'e', 'h', 270],
])('of %s, %s is left: who read at %s has %s where it was', (before, after, at, key, y) => {
  expect(stays(before, after, at)).toEqual({ key, was: y, is: y });
});

test('at the end it stays at the end', () => {
  const heights = new RowHeights(100);
  heights.lay([...'abc']);
  const place = { key: 'c', offset: 0, atEnd: true };
  expect(keptAnchor(place, rows('abc'), rows('ab'), heights)).toBe(place);
});
