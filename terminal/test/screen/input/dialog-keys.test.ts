import type { FormDialog } from '@gochat/view/dialog';
import { expect, test } from 'vitest';
import { beginDialog } from '../../../src/screen/input/dialog-keys.ts';

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
