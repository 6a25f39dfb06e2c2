import type { Field, FormDialog } from '@gochat/view/dialog';
import { expect, test } from 'vitest';
import { beginDialog, dialogClick, dialogKey } from '../../../src/screen/input/dialog-keys.ts';

const field = (name: string, value: string) =>
  ({ name, label: name, value, hint: '', type: 'text', choices: [] }) as const;

function formOf(values: readonly [string, string], focus: string, danger = false): FormDialog {
  const fields = [field('name', values[0]), field('topic', values[1])];
  const state = { busy: false, error: '', errorField: '', tick: 1 };
  return { kind: 'form', title: '', text: [], fields, focus, submit: 'Save', danger, ...state };
}

test.each([
  ['the field that the dialog names', formOf(['kitchen', 'soup'], 'topic'), 1],
  ['the field that the dialog names, before an empty one', formOf(['kitchen', ''], 'name'), 0],
  ['else the first empty field', formOf(['kitchen', ''], ''), 1],
  ['else the first field', formOf(['kitchen', 'soup'], ''), 0],
  ['before a dangerous action, Cancel', formOf(['kitchen', 'soup'], '', true), 3],
])('a form begins with the focus on %s', (_where, dialog, index) => {
  expect(beginDialog(dialog).index).toBe(index);
});

function secretForm(): FormDialog {
  const token: Field = { ...field('token', ''), type: 'secret' };
  return { ...formOf(['kitchen', 'soup'], ''), fields: [field('name', 'kitchen'), token] };
}

test('a secret is typed and shown by its key, which isn’t typed; the next dialog hides it again', () => {
  const dialog = secretForm();
  let ui = beginDialog(dialog);
  expect(ui).toMatchObject({ index: 1, revealed: false });
  const none = () => undefined;
  const press = (name: string, text = '') => {
    const answers = { submit: none, pick: none, filter: none, close: none };
    ui = dialogKey(dialog, ui, { kind: 'key', name, text }, answers, { scroll: 0, page: 1 });
  };
  for (const letter of 'abc') press(letter, letter);
  press('M-v');
  expect(ui).toMatchObject({ values: { token: 'abc' }, revealed: true });
  press('M-v');
  expect(ui).toMatchObject({ values: { token: 'abc' }, revealed: false });
  press('M-v');
  expect(beginDialog({ ...dialog, tick: 2 }).revealed).toBe(false);
});

test('what a form leads to is between its fields and its buttons, and is picked', () => {
  const items = [{ name: 'backup', label: 'Save a backup', hint: '', danger: false }];
  const dialog = { ...formOf(['kitchen', 'soup'], ''), more: { title: 'More', items } };
  const done: unknown[] = [];
  const answers = {
    submit: () => done.push('submit'),
    pick: (name: string) => done.push(name),
    filter: () => undefined,
    close: () => done.push('close'),
  };
  let ui = beginDialog(dialog);
  const press = (name: string) => {
    ui = dialogKey(dialog, ui, { kind: 'key', name, text: '' }, answers, { scroll: 0, page: 1 });
  };
  for (const _ of [0, 1, 2]) {
    press('tab');
    if (ui.index >= 2) press('enter');
  }
  press('tab');
  press('enter');
  expect(done).toEqual(['backup', 'submit', 'close']);
  dialogClick(dialog, ui, 2, answers);
  expect(done.at(-1)).toBe('backup');
});
