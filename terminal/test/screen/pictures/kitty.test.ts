import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { lineWidth, overlay, span } from '../../../src/screen/draw/frame.ts';
import {
  deletion,
  isConfirmation,
  MARKS,
  placeholders,
  query,
  transmission,
} from '../../../src/screen/pictures/kitty.ts';

const ESC = '\u001b';
const ID = { high: 3, low: 9 };
const NUMBER = String(3 * 2 ** 24 + 9);

/** The commands of an output: their keys, and their data. */
function commands(out: string): { keys: Record<string, string>; data: string }[] {
  const parts = out.split(`${ESC}\\`).filter((part) => part !== '');
  return parts.map((part) => {
    expect(part.startsWith(`${ESC}_G`)).toBe(true);
    const [keys = '', data = ''] = part.slice(3).split(';');
    return { keys: Object.fromEntries(keys.split(',').map((key) => key.split('='))), data };
  });
}

test('the marks are those of the protocol: combining, none of them twice, as many as it has', () => {
  expect(MARKS).toHaveLength(297);
  expect(new Set(MARKS).size).toBe(297);
  for (const mark of MARKS) {
    expect(mark).toMatch(/^\p{Mn}$/u);
    expect([mark.normalize('NFC'), mark.normalize('NFD')]).toEqual([mark, mark]);
  }
  const some = [0, 1, 2, 35, 53, 54, 296].map((i) => MARKS[i]?.codePointAt(0)?.toString(16));
  expect(some).toEqual(['305', '30d', '30e', '592', '5c4', '610', '1d244']);
});

test('each placeholder names its row, its column and the high byte of its picture', () => {
  const lines = placeholders(ID, { columns: 3, rows: 2 });
  expect(lines.map(([only]) => only?.style)).toEqual([{ picture: 9 }, { picture: 9 }]);
  const segmenter = new Intl.Segmenter();
  const cells = lines.map(([only]) => [...segmenter.segment(only?.text ?? '')].map(({ segment }) => segment));
  const cell = (row: number, column: number) => `\u{10eeee}${MARKS[row]}${MARKS[column]}${MARKS[3]}`;
  expect(cells).toEqual([0, 1].map((row) => [0, 1, 2].map((column) => cell(row, column))));
});

test('a dialog covers only its own cells', () => {
  const box = { columns: 9, rows: 1 };
  const dialog = [[span('xxx')]];
  const [line] = overlay(placeholders(ID, box), dialog, 0, 3);
  expect(lineWidth(line ?? [])).toBe(9);
  const shown = (line ?? []).filter(({ style }) => style.picture === 9).map(({ text }) => text);
  const whole = placeholders(ID, box)[0]?.[0]?.text ?? '';
  expect(whole.startsWith(shown[0] ?? '?')).toBe(true);
  expect(whole.endsWith(shown[1] ?? '?')).toBe(true);
  expect(shown.map((text) => text.match(/\u{10eeee}/gu)?.length)).toEqual([3, 3]);
});

describe('a picture is given', () => {
  const rgba = new Uint8Array(900 * 300 * 4).map((_, i) => Math.imul(i, 2654435761) >>> 24);
  const sent = commands(transmission(ID, { rgba, width: 900, height: 300 }, { columns: 30, rows: 5 }, {}));

  test('once, in parts, quietly, with its size in cells', () => {
    const first = { a: 'T', U: '1', q: '2', f: '32', o: 'z', i: NUMBER, c: '30', r: '5' };
    expect(sent[0]?.keys).toMatchObject(first);
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.every(({ data, keys }) => data.length <= 4096 && keys.q === '2')).toBe(true);
    expect(sent.map(({ keys }) => keys.m)).toEqual([...sent.slice(1).map(() => '1'), '0']);
    for (const { keys } of sent.slice(1)) expect(Object.keys(keys).sort()).toEqual(['m', 'q']);
  });

  test('as pixels, no more than can be seen', () => {
    expect(sent[0]?.keys).toMatchObject({ s: '300', v: '100' });
    const bytes = inflateSync(Buffer.from(sent.map(({ data }) => data).join(''), 'base64'));
    expect(bytes).toHaveLength(300 * 100 * 4);
  });
});

test('it is deleted by its id, with its data', () => {
  const keys = { a: 'd', d: 'I', q: '2', i: NUMBER };
  expect(commands(deletion(ID, {}))).toEqual([{ keys, data: '' }]);
});

test('in tmux, everything goes through to the terminal outside', () => {
  const tmux = { TMUX: '/run/tmux,1,0' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  const wrapped = /^\u001bPtmux;(?:[^\u001b]|\u001b\u001b)+\u001b\\$/;
  expect(deletion(ID, tmux)).toMatch(wrapped);
  expect(query(tmux)).toMatch(wrapped);
  expect(query(tmux).replaceAll(`${ESC}${ESC}`, ESC)).toContain(query({}));
});

test('only the answer to the question is a confirmation', () => {
  const { i } = commands(query({}))[0]?.keys ?? {};
  expect(isConfirmation(`${ESC}_Gi=${i};OK${ESC}\\`)).toBe(true);
  for (const other of [`${ESC}_Gi=${i};ENOTSUP${ESC}\\`, `${ESC}_Gi=1;OK${ESC}\\`, `${ESC}[?62c`])
    expect(isConfirmation(other)).toBe(false);
});
