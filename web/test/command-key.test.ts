import { expect, test } from 'vitest';
import { hasCommandKey, isTextKey, keyNames, letterOf } from '../src/ui/command-key.ts';

const NONE = { key: '', code: '', ctrlKey: false, metaKey: false, altKey: false };

test.each([
  ['@ on a Swedish keyboard', { key: '@', code: 'Digit2', altKey: true }],
  ['[ on a German keyboard', { key: '[', code: 'Digit5', altKey: true }],
  ['to the end of the line', { key: 'e', code: 'KeyE', ctrlKey: true }],
  ['cut to the end of the line', { key: 'k', code: 'KeyK', ctrlKey: true }],
] as const)('on a Mac %s edits the text, and gives no command', (_, keys) => {
  const event = { ...NONE, ...keys };
  expect([isTextKey(event, true), hasCommandKey(event, true)]).toEqual([true, false]);
  expect(isTextKey(event, false)).toBe(false);
});

test('Cmd gives commands on a Mac, Ctrl elsewhere, and help names that key', () => {
  const cmd = { ...NONE, key: 'k', code: 'KeyK', metaKey: true };
  const ctrl = { ...NONE, key: 'k', code: 'KeyK', ctrlKey: true };
  expect([hasCommandKey(cmd, true), isTextKey(cmd, true)]).toEqual([true, false]);
  expect([hasCommandKey(ctrl, false), hasCommandKey(cmd, false)]).toEqual([true, false]);
  expect(isTextKey({ ...NONE, key: 'ArrowDown', altKey: true }, true)).toBe(false);
  expect(keyNames('Ctrl+K, Alt+ArrowUp', true)).toBe('Cmd+K, Option+ArrowUp');
  expect(keyNames('Ctrl+K, Alt+ArrowUp', false)).toBe('Ctrl+K, Alt+ArrowUp');
});

test.each([
  ['л', 'KeyK', 'k'],
  ['я', 'KeyZ', 'z'],
  ['ι', 'KeyI', 'i'],
  ['K', 'KeyK', 'k'],
  ['z', 'KeyY', 'z'],
  ['ę', 'KeyE', 'ę'],
  ['?', 'Slash', '?'],
])('“%s” on %s counts as %s', (key, code, letter) => {
  expect(letterOf({ key, code })).toBe(letter);
});
