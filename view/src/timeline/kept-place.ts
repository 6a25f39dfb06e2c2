import type { Row } from './row.ts';

/**
 * Where to stay when the row at a place has gone: at the next row that is still there, or else at the last one before it.
 * @returns the key of a row of `after`; undefined if none of `before` is there any more
 */
export function keptPlace(before: readonly Row[], after: readonly Row[], key: string): string | undefined {
  if (after.some((row) => row.key === key)) return key;
  const there = new Set(after.map((row) => row.key));
  const at = before.findIndex((row) => row.key === key);
  if (at === -1) return undefined;
  const isThere = (row: Row) => there.has(row.key);
  return (before.slice(at).find(isThere) ?? before.slice(0, at).findLast(isThere))?.key;
}
