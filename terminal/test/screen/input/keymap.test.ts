import { describe, expect, test } from 'vitest';
import { BINDINGS, type KeyContext, Keymap, written } from '../../../src/screen/input/keymap.ts';

const CONTEXTS: readonly KeyContext[] = ['write', 'normal', 'read', 'search', 'welcome'];

describe.each(['readline', 'vim'] as const)('%s', (profile) => {
  const bindings = BINDINGS.filter((one) => one.profile === undefined || one.profile === profile);

  test.each(CONTEXTS)('no key has two bindings in %s', (context) => {
    const keys = bindings.filter((one) => one.in.includes(context)).flatMap((one) => one.keys);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    // A key that begins a longer sequence has no other binding.
    expect(keys.filter((key) => keys.some((other) => other.startsWith(`${key} `)))).toEqual([]);
  });
});

test('no binding uses a letter while writing', () => {
  const letters = BINDINGS.filter(
    ({ in: contexts }) => contexts.includes('write') || contexts.includes('search'),
  )
    .flatMap(({ keys }) => keys)
    .filter((key) => [...(key.split(' ')[0] ?? '')].length === 1);
  expect(letters).toEqual([]);
});

test('help and menus show the keys of the table', () => {
  const keymap = new Keymap('readline');
  expect(keymap.keysOf('palette')).toBe('Ctrl+G');
  expect(keymap.keysOf('reply')).toBe('r');
  expect(keymap.keysOf('search')).toBe('Ctrl+S');
  expect(keymap.keysOf('quit')).toBe('Ctrl+D');
  expect(keymap.keysOf('create')).toBe('');
});

test('an incomplete sequence waits for more keys', () => {
  const keymap = new Keymap('vim');
  expect(keymap.find('write', 'C-x')).toBe('more');
  expect(keymap.find('write', 'C-x C-e')).toEqual({ screen: 'external-editor' });
  expect(keymap.find('normal', 'd')).toBe('more');
  expect(keymap.find('normal', 'd d')).toEqual({ edit: 'kill-line' });
  expect(keymap.find('read', 'd')).toEqual({ command: 'delete' });
});

test('keys are written in the usual form', () => {
  expect(['C-x C-e', 'M-enter', 'S-tab', 'pageup', 'r', 'R', 'M-/'].map(written)).toEqual([
    'Ctrl+X Ctrl+E',
    'Alt+Enter',
    'Shift+Tab',
    'Pageup',
    'r',
    'R',
    'Alt+/',
  ]);
});
