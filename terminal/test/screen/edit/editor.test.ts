import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EDITS,
  type EditName,
  type Editor,
  EMPTY,
  insert,
  replace,
} from '../../../src/screen/edit/editor.ts';
import { fieldView, moveRow } from '../../../src/screen/edit/field.ts';

/** An editor with its cursor at `|`. */
function at(text: string): Editor {
  const cursor = text.indexOf('|');
  return { ...EMPTY, text: text.replace('|', ''), cursor };
}

function shown({ text, cursor }: Editor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function after(text: string, ...edits: readonly EditName[]): string {
  return shown(edits.reduce((editor, name) => EDITS[name](editor), at(text)));
}

describe('keys of readline', () => {
  test.each<[EditName, string, string]>([
    ['left', 'ab|', 'a|b'],
    ['left', '|ab', '|ab'],
    ['right', '👩‍👩‍👧‍👦|é', '👩‍👩‍👧‍👦é|'],
    ['left', '👩‍👩‍👧‍👦|', '|👩‍👩‍👧‍👦'],
    ['left', 'e\u0301|', '|e\u0301'],
    ['backspace', 'a👍🏽|b', 'a|b'],
    ['backspace', '|b', '|b'],
    ['delete-right', 'a|🇮🇸b', 'a|b'],
    ['line-start', 'one\ntw|o', 'one\n|two'],
    ['line-end', 'o|ne\ntwo', 'one|\ntwo'],
    ['word-left', 'two words|', 'two |words'],
    ['word-right', '|two words', 'two| words'],
    ['kill-word-left', 'rm -rf /tmp/x |', 'rm -rf |'],
    ['kill-part-left', 'rm -rf /tmp/x|', 'rm -rf /tmp/|'],
    ['kill-word-right', 'a| big word', 'a| word'],
    ['kill-left', 'one\ntwo| three', 'one\n| three'],
    ['kill-right', 'one| two\nthree', 'one|\nthree'],
    ['kill-right', 'one|\nthree', 'one|three'],
    ['kill-line', 'one\nt|wo\nthree', 'one\n|three'],
    ['transpose', 'teh|', 'the|'],
    ['transpose', 't|eh', 'et|h'],
    ['newline', 'a|b', 'a\n|b'],
    ['undo', 'nothing was done|', 'nothing was done|'],
  ])('%s: %j becomes %j', (name, before, expected) => {
    expect(after(before, name)).toBe(expected);
  });
});

test('consecutive cuts are inserted together', () => {
  expect(after('one two three|', 'kill-word-left', 'kill-word-left', 'line-start', 'yank')).toBe(
    'two three|one ',
  );
  expect(after('a|b c', 'kill-word-right', 'kill-word-right', 'yank')).toBe('ab c|');
});

test('undo reverts words, not letters', () => {
  let editor = EMPTY;
  for (const letter of 'hello big world') editor = insert(editor, letter, 'type');
  editor = EDITS.undo(editor);
  expect(editor.text).toBe('hello big');
  expect(EDITS.undo(EDITS.undo(editor)).text).toBe('');
});

test('a replaced text keeps the cursor before the same text', () => {
  const editor = at('hello @b| and all');
  expect(shown(replace(editor, 'hello @ben  and all'))).toBe('hello @ben | and all');
  expect(shown(replace(at('all| gone'), 'other'))).toBe('other|');
});

test('after any keys the cursor is between two characters', () => {
  const names = Object.keys(EDITS) as EditName[];
  const pieces = ['a', ' ', '\n', '👩‍👩‍👧‍👦', 'e\u0301', '🇮🇸', '字', '\u200d', '\ud800'];
  const split = new Intl.Segmenter('en', { granularity: 'grapheme' });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 12 }),
      fc.array(fc.constantFrom(...names, ...pieces.map((piece) => `type ${piece}`)), { maxLength: 20 }),
      (text, keys) => {
        let editor = insert(EMPTY, text.join(''));
        for (const key of keys)
          editor = key.startsWith('type ')
            ? insert(editor, key.slice(5), 'type')
            : EDITS[key as EditName](editor);
        expect(editor.cursor).toBeGreaterThanOrEqual(0);
        expect(editor.cursor).toBeLessThanOrEqual(editor.text.length);
        const ends = [...split.segment(editor.text)].map(({ index }) => index);
        // Characters on both sides of a cut may merge: the next key moves a cursor inside of them.
        const { rows, cursor } = fieldView(editor, 10, 8);
        expect(rows.length).toBeLessThanOrEqual(8);
        expect(cursor.column).toBeLessThan(10);
        expect(ends.length).toBeLessThanOrEqual(editor.text.length);
      },
    ),
  );
});

describe('a field', () => {
  test('breaks long lines, and leaves a cell for the cursor', () => {
    const view = fieldView(at('abcdefghij|'), 6, 8);
    expect(view.rows).toEqual(['abcde', 'fghij']);
    expect(view.cursor).toEqual({ row: 1, column: 5 });
  });

  test('shows the rows around the cursor', () => {
    const text = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n');
    expect(fieldView({ ...EMPTY, text, cursor: text.length }, 20, 3)).toMatchObject({
      rows: ['line 17', 'line 18', 'line 19'],
      above: true,
      below: false,
    });
    expect(fieldView({ ...EMPTY, text, cursor: 0 }, 20, 3)).toMatchObject({
      rows: ['line 0', 'line 1', 'line 2'],
      below: true,
    });
  });

  test('up and down go by rows and keep the column', () => {
    const up = moveRow(at('one\ntwo thr|ee'), 20, -1);
    expect(up && shown(up)).toBe('one|\ntwo three');
    expect(moveRow(at('|one'), 20, -1)).toBeUndefined();
    expect(moveRow(at('one|'), 20, 1)).toBeUndefined();
    const down = moveRow(at('o|ne\ntwo'), 20, 1);
    expect(down && shown(down)).toBe('one\nt|wo');
  });

  test('wide characters take two cells', () => {
    expect(fieldView(at('字字字字|'), 6, 8).rows).toEqual(['字字', '字字']);
  });
});
