import { expect, test } from 'vitest';
import { RowHeights } from '../src/ui/timeline/row-heights.ts';

const KEYS = Array.from({ length: 100 }, (_, i) => `row ${i}`);

function laid(): RowHeights {
  const heights = new RowHeights(50);
  heights.lay(KEYS);
  return heights;
}

test('a row that was not measured has the estimated height', () => {
  const heights = laid();
  expect(heights.total).toBe(5000);
  expect(heights.top(10)).toBe(500);
  expect(heights.at(499)).toBe(9);
  expect(heights.between(500, 599)).toEqual([10, 12]);
});

test('a measured height moves the rows below it', () => {
  const heights = laid();
  expect(heights.measure([['row 3', 80]])).toBe(true);
  expect(heights.measure([['row 3', 80]])).toBe(false);
  expect([heights.top(3), heights.top(4), heights.total]).toEqual([150, 230, 5030]);
});

test('heights stay with their rows when others are added before, between and after', () => {
  const heights = laid();
  heights.measure([['row 3', 80]]);
  heights.lay(['older', ...KEYS.slice(0, 2), 'between', ...KEYS.slice(2), 'newer']);
  expect(heights.index('row 3')).toBe(5);
  expect(heights.top(6) - heights.top(5)).toBe(80);
  expect(heights.total).toBe(103 * 50 + 30);
  heights.lay(KEYS.slice(0, 4));
  expect(heights.total).toBe(230);
  expect(heights.index('row 50')).toBeUndefined();
});

test('forgetting resets all heights to the estimate', () => {
  const heights = laid();
  heights.measure([['row 0', 500]]);
  heights.forget();
  expect(heights.total).toBe(5000);
});

test('an empty list has no height and no rows', () => {
  const heights = new RowHeights(50);
  heights.lay([]);
  expect([heights.total, heights.at(100), ...heights.between(0, 100)]).toEqual([0, 0, 0, 0]);
});
