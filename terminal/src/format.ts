import type { HistoryItem } from '@gochat/client/history';
import { safeJson, sanitizeLine, sanitizeText } from './sanitize.ts';

/** A line of the chat: `name: text`, or `* what happened`. Further lines of a text are indented. */
export function formatItem(item: HistoryItem): string {
  const text = sanitizeText(item.text).replaceAll('\n', '\n  ');
  if (item.kind === 'text') return `${sanitizeLine(item.from)}: ${text}`;
  return item.from === '' ? `* ${text}` : `* ${sanitizeLine(item.from)} ${text}`;
}

/** A line for scripts. */
export function jsonItem(room: string, item: HistoryItem): string {
  const { seq, at, from, kind, text } = item;
  return safeJson({ room, seq, at, from, kind, text });
}

/** Rows as aligned columns, each cell one sanitised line. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map((cell) => (cell === '' ? '' : sanitizeLine(cell))));
  const widths = clean[0]?.map((_, i) => Math.max(...clean.map((row) => row[i]?.length ?? 0))) ?? [];
  return clean.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
