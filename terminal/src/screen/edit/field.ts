import { glyphs } from '../draw/width.ts';
import { type Editor, move } from './editor.ts';

/** A row of a field. */
interface FieldRow {
  readonly text: string;
  /** Where it begins in the text, as UTF-16 offset. */
  readonly from: number;
}

export interface FieldView {
  readonly rows: readonly string[];
  /** The cursor's position in these rows. */
  readonly cursor: { readonly row: number; readonly column: number };
  /** Whether there is text above or below. */
  readonly above: boolean;
  readonly below: boolean;
}

/** The visible rows of a field, at most `most` of them, around the cursor. */
export function fieldView(editor: Editor, columns: number, most: number): FieldView {
  const rows = rowsOf(editor.text, columns);
  const { row, column } = placeOf(rows, editor.cursor, columns);
  const from = Math.max(0, Math.min(row - most + 1 + Math.min(1, rows.length - 1 - row), rows.length - most));
  const shown = rows.slice(from, from + most);
  return {
    rows: shown.map(({ text }) => text),
    cursor: { row: row - from, column },
    above: from > 0,
    below: from + shown.length < rows.length,
  };
}

/** The same with a sign in place of each glyph. @param sign one UTF-16 unit */
export function masked(editor: Editor, sign: string): Editor {
  const count = (text: string) => [...glyphs(text)].length;
  const { text, cursor } = editor;
  return { ...editor, text: sign.repeat(count(text)), cursor: count(text.slice(0, cursor)) };
}

/** Moves the cursor one row up or down. @returns undefined at the first or last row */
export function moveRow(editor: Editor, columns: number, by: 1 | -1): Editor | undefined {
  const rows = rowsOf(editor.text, columns);
  const { row, column } = placeOf(rows, editor.cursor, columns);
  const target = rows[row + by];
  if (target === undefined) return undefined;
  let at = target.from;
  let width = 0;
  for (const glyph of glyphs(target.text)) {
    if (width + glyph.width > column) break;
    width += glyph.width;
    at += glyph.text.length;
  }
  return move(editor, Math.min(at, target.from + target.text.length));
}

function rowsOf(text: string, columns: number): readonly FieldRow[] {
  const rows: FieldRow[] = [];
  let from = 0;
  for (const line of text.split('\n')) {
    let begin = from;
    let at = from;
    let width = 0;
    for (const glyph of glyphs(line)) {
      // The last cell is free for the cursor.
      if (width + glyph.width >= columns && at > begin) {
        rows.push({ text: text.slice(begin, at), from: begin });
        begin = at;
        width = 0;
      }
      at += glyph.text.length;
      width += glyph.width;
    }
    rows.push({ text: text.slice(begin, from + line.length), from: begin });
    from += line.length + 1;
  }
  return rows;
}

function placeOf(
  rows: readonly FieldRow[],
  cursor: number,
  columns: number,
): { row: number; column: number } {
  const row = rows.findLastIndex(({ from }) => from <= cursor);
  const { text, from } = rows[row] ?? { text: '', from: 0 };
  let column = 0;
  for (const { width } of glyphs(text.slice(0, cursor - from))) column += width;
  return { row: Math.max(0, row), column: Math.min(column, columns - 1) };
}
