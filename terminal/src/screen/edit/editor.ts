import { step } from '../draw/width.ts';

/** The state of a text field with the editing commands of readline. It is immutable. */
export interface Editor {
  readonly text: string;
  /** UTF-16 offset, between two glyphs. */
  readonly cursor: number;
  /** The last text that was cut, for `yank`. */
  readonly killed: string;
  /** Earlier states for undo, newest last. */
  readonly past: readonly Past[];
  /** The last kind of edit: consecutive letters are undone together, consecutive cuts are yanked together. */
  readonly last: 'type' | 'kill' | 'other';
}

interface Past {
  readonly text: string;
  readonly cursor: number;
}

const UNDO = 200;

export const EMPTY: Editor = { text: '', cursor: 0, killed: '', past: [], last: 'other' };

/** The editing commands. Each returns the same editor when there is nothing to do. */
export const EDITS = {
  left: (e) => move(e, step(e.text, e.cursor, -1)),
  right: (e) => move(e, step(e.text, e.cursor, 1)),
  'line-start': (e) => move(e, lineStart(e)),
  'line-end': (e) => move(e, lineEnd(e)),
  'word-left': (e) => move(e, wordStart(e.text, e.cursor)),
  'word-right': (e) => move(e, wordEnd(e.text, e.cursor)),
  backspace: (e) => cut(e, step(e.text, e.cursor, -1), e.cursor, 'other'),
  'delete-right': (e) => cut(e, e.cursor, step(e.text, e.cursor, 1), 'other'),
  'kill-word-left': (e) => cut(e, blankStart(e.text, e.cursor), e.cursor, 'kill'),
  'kill-part-left': (e) => cut(e, wordStart(e.text, e.cursor), e.cursor, 'kill'),
  'kill-word-right': (e) => cut(e, e.cursor, wordEnd(e.text, e.cursor), 'kill'),
  'kill-left': (e) => cut(e, lineStart(e), e.cursor, 'kill'),
  // At the end of a line, the line feed is cut.
  'kill-right': (e) =>
    cut(
      e,
      e.cursor,
      Math.max(lineEnd(e), step(e.text, e.cursor, 1) - (e.text[e.cursor] === '\n' ? 0 : 1)),
      'kill',
    ),
  'kill-line': (e) => cut(e, lineStart(e), Math.min(e.text.length, lineEnd(e) + 1), 'kill'),
  yank: (e) => insert(e, e.killed),
  transpose,
  newline: (e) => insert(e, '\n'),
  undo: (e) => {
    const before = e.past.at(-1);
    if (before === undefined) return e;
    return { ...e, ...before, past: e.past.slice(0, -1), last: 'other' };
  },
} as const satisfies Readonly<Record<string, (editor: Editor) => Editor>>;

export type EditName = keyof typeof EDITS;

/** Inserts text at the cursor. */
export function insert(e: Editor, text: string, last: Editor['last'] = 'other'): Editor {
  if (text === '') return e;
  return {
    ...e,
    text: e.text.slice(0, e.cursor) + text + e.text.slice(e.cursor),
    cursor: e.cursor + text.length,
    past: last === 'type' && e.last === 'type' && !/\s/.test(text) ? e.past : remember(e),
    last,
  };
}

/** Sets another text: the cursor stays before the text that followed it, if that is still there, or moves to the end. */
export function replace(e: Editor, text: string): Editor {
  const tail = e.text.slice(e.cursor);
  const cursor =
    tail !== '' && text !== e.text && text.endsWith(tail) ? text.length - tail.length : text.length;
  return { ...e, text, cursor, past: text === '' ? [] : remember(e), last: 'other' };
}

/** Moves the cursor. */
export function move(e: Editor, cursor: number): Editor {
  return cursor === e.cursor && e.last === 'other' ? e : { ...e, cursor, last: 'other' };
}

function cut(e: Editor, from: number, to: number, last: 'kill' | 'other'): Editor {
  if (from >= to) return e;
  const gone = e.text.slice(from, to);
  const joined = e.last === 'kill' ? (from < e.cursor ? gone + e.killed : e.killed + gone) : gone;
  return {
    text: e.text.slice(0, from) + e.text.slice(to),
    cursor: from,
    killed: last === 'kill' ? joined : e.killed,
    past: remember(e),
    last,
  };
}

function remember(e: Editor): readonly Past[] {
  return [...e.past.slice(1 - UNDO), { text: e.text, cursor: e.cursor }];
}

function transpose(e: Editor): Editor {
  const at = e.cursor === e.text.length ? step(e.text, e.cursor, -1) : e.cursor;
  const before = step(e.text, at, -1);
  const end = step(e.text, at, 1);
  if (before === at || at === end) return e;
  const swapped = e.text.slice(at, end) + e.text.slice(before, at);
  return {
    ...e,
    text: e.text.slice(0, before) + swapped + e.text.slice(end),
    cursor: end,
    past: remember(e),
    last: 'other',
  };
}

function lineStart({ text, cursor }: Editor): number {
  return cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1;
}

function lineEnd({ text, cursor }: Editor): number {
  const end = text.indexOf('\n', cursor);
  return end === -1 ? text.length : end;
}

/** How far a word is searched for: a long text without blanks isn't read to its end. */
const WORD = 500;

/** Words of letters, digits and combining marks. */
function wordStart(text: string, at: number): number {
  const from = Math.max(0, at - WORD);
  return from + (/[\p{L}\p{N}\p{M}_]+[^\p{L}\p{N}\p{M}_]*$/u.exec(text.slice(from, at))?.index ?? 0);
}

function wordEnd(text: string, at: number): number {
  const found = /^[^\p{L}\p{N}\p{M}_]*[\p{L}\p{N}\p{M}_]+/u.exec(text.slice(at));
  return found === null ? text.length : at + found[0].length;
}

/** For Ctrl+W, words are separated by blanks. */
function blankStart(text: string, at: number): number {
  const from = Math.max(0, at - WORD);
  return from + (/\S+\s*$/u.exec(text.slice(from, at))?.index ?? 0);
}
