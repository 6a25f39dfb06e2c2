/** An item of a list, by its first line. */
export interface Item {
  readonly kind: 'item';
  /** What makes it of one list with another: `-`, `+`, `*`, `.` or `)`. */
  readonly sign: string;
  readonly number: number | undefined;
  /** How far its lines are indented. */
  readonly width: number;
  readonly rest: string;
}

/** What a line begins, unless it is of a paragraph. */
export type BlockStart =
  | { readonly kind: 'fence'; readonly fence: string; readonly indent: number; readonly language: string }
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'quote'; readonly rest: string }
  | Item;

const TAB = 4;

export function startOf(line: string): BlockStart | undefined {
  // Most lines begin with none of these.
  if (!/^ {0,3}[`~#*_+>0-9-]/.test(line)) return undefined;
  const heading = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(line);
  if (heading !== null) {
    const text = (heading[2] ?? '').replace(/(?:^|[ \t])#+[ \t]*$/, '').trim();
    return { kind: 'heading', level: heading[1]?.length ?? 1, text };
  }
  if (/^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/.test(line)) return { kind: 'rule' };
  const quoted = /^ {0,3}> ?(.*)$/.exec(line);
  if (quoted !== null) return { kind: 'quote', rest: quoted[1] ?? '' };
  return fenceAt(line) ?? itemAt(line);
}

export function fenceAt(line: string): Extract<BlockStart, { kind: 'fence' }> | undefined {
  const [, indent = '', fence = '', info = ''] = /^( {0,3})(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  if (fence === '' || (fence.startsWith('`') && info.includes('`'))) return undefined;
  return { kind: 'fence', fence, indent: indent.length, language: info.trim().split(/\s/)[0] ?? '' };
}

export function itemAt(line: string): Item | undefined {
  const [, indent = '', mark = '', after = ''] =
    /^( {0,3})([-+*]|\d{1,9}[.)])(?![^ \t])(.*)$/.exec(line) ?? [];
  if (mark === '') return undefined;
  const before = indent.length + mark.length;
  const blank = columnsOf(after, before) - before;
  // Indented by more, the text keeps what is beyond one blank.
  const width = blank === 0 || blank > TAB || isEmptyLine(after) ? before + 1 : before + blank;
  const number = mark.length > 1 ? Number.parseInt(mark, 10) : undefined;
  const rest = withoutIndent(after, width - before, before);
  return { kind: 'item', sign: mark.charAt(mark.length - 1), number, width, rest };
}

export function isEmptyLine(line: string): boolean {
  return line.trim() === '';
}

/** The column where a line's text begins, with tab stops every four columns. */
export function columnsOf(line: string, from = 0): number {
  let column = from;
  for (const char of line) {
    if (char === ' ') column++;
    else if (char === '\t') column += TAB - (column % TAB);
    else break;
  }
  return column;
}

/** A line without so many columns of its indentation. Only a tab that is cut becomes blanks. */
export function withoutIndent(line: string, columns: number, from = 0): string {
  let column = from;
  let at = 0;
  for (; column < from + columns; at++) {
    const char = line.charAt(at);
    if (char === ' ') column++;
    else if (char === '\t') column += TAB - (column % TAB);
    else break;
  }
  return ' '.repeat(Math.max(0, column - from - columns)) + line.slice(at);
}
