import type { HistoryItem, TextItem } from '@gochat/client/history';
import { sanitizeLine, sanitizeText } from '@gochat/view/sanitize';
import { safeJson } from '../safe-json.ts';
import { words } from './words.ts';

/** A line of the chat: `name: text`, or `* what happened`. Further lines of a text are indented. `answered`: what it replies to. */
export function formatItem(item: HistoryItem, answered?: TextItem): string {
  const from = sanitizeLine(item.from);
  if (item.kind !== 'text') return `* ${words.text.event(item, [from])}`;
  const text = sanitizeText(item.text).replaceAll('\n', '\n  ');
  if (item.deleted !== undefined)
    return `* a message of ${from} was taken back by ${sanitizeLine(item.deleted.by)}`;
  // Never a star: what happened must not be said by anybody.
  if (item.me === true) return `~ ${from} ${text}`;
  return answered === undefined ? `${from}: ${text}` : `${from} (to ${sanitizeLine(answered.from)}): ${text}`;
}

/** What happened to a message after it was shown, a line each. */
export function formatChange(was: HistoryItem, is: HistoryItem): string[] {
  if (was.kind !== 'text' || is.kind !== 'text') return [];
  if (is.deleted !== undefined) {
    if (was.deleted !== undefined) return [];
    const whose = is.deleted.by === is.from ? 'a message' : `a message of ${sanitizeLine(is.from)}`;
    return [`* ${sanitizeLine(is.deleted.by)} took ${whose} back`];
  }
  const text = sanitizeText(is.text).replaceAll('\n', '\n  ');
  const edited = is.edited !== was.edited ? [`* ${sanitizeLine(is.from)} changed a message: ${text}`] : [];
  const reacted = (is.reactions ?? []).flatMap(({ emoji, by }) => {
    const before = was.reactions?.find((r) => r.emoji === emoji)?.by ?? [];
    return by
      .filter(({ device }) => !before.some((b) => b.device === device))
      .map(
        ({ name }) => `* ${sanitizeLine(name)} reacted ${sanitizeLine(emoji)} to "${firstWords(is.text)}"`,
      );
  });
  return [...edited, ...reacted];
}

function firstWords(text: string): string {
  const line = sanitizeLine(text);
  const chars = [...line];
  return chars.length > 32 ? `${chars.slice(0, 31).join('')}…` : line;
}

/** A line for scripts. */
export function jsonItem(room: string, item: HistoryItem): string {
  const { seq, at, from, kind, sub: _sub, device: _device, own: _own, ...facts } = item;
  return safeJson({ room, seq, at, from, kind, ...facts });
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
