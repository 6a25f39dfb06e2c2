import type { FileAct } from '@gochat/view/actions';
import type { FileRow, MessageRow, Row } from '@gochat/view/row';

/** Whether a row can have the focus: a message or an event can, a separator can't. */
export function isFocusable({ kind }: Row): boolean {
  return kind !== 'day' && kind !== 'unread' && kind !== 'start';
}

/** The next row up or down that can have the focus. @param seen where to begin, going up, when no row has it */
export function nextFocus(
  rows: readonly Row[],
  from: string | undefined,
  seen: string | undefined,
  by: 1 | -1,
): string | undefined {
  const at = rows.findLastIndex(({ key }) => key === (from ?? seen));
  let index = from === undefined ? (at === -1 ? rows.length - 1 : at) : at + by;
  for (; index >= 0 && index < rows.length; index += from === undefined ? -1 : by) {
    const row = rows[index];
    if (row !== undefined && isFocusable(row)) return row.key;
  }
  return undefined;
}

/** The addresses of the links in a row, each once. */
export function linksOf(row: Row | undefined): readonly string[] {
  if (row?.kind !== 'message') return [];
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value as readonly unknown[]) collect(one);
    else if (typeof value === 'object' && value !== null) {
      if ('href' in value && typeof value.href === 'string') found.add(value.href);
      if ('inside' in value) collect(value.inside);
      if ('items' in value) collect(value.items);
      if ('head' in value) collect(value.head);
      if ('rows' in value) collect(value.rows);
    }
  };
  collect(row.body);
  return [...found];
}

/** The file of a message that a key is about: its first picture, else its first recording, else its first. */
export function mainFileOf({ files }: MessageRow): FileRow | undefined {
  return (
    files.find(({ kind }) => kind === 'picture') ?? files.find(({ kind }) => kind !== 'other') ?? files[0]
  );
}

/** What the key does with it. */
export function actOf({ kind }: FileRow): Extract<FileAct, 'show' | 'play' | 'open'> {
  if (kind === 'picture') return 'show';
  return kind === 'other' ? 'open' : 'play';
}
