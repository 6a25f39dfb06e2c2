import { DIALOG_KINDS } from '@gochat/view/dialog';
import { ROW_KINDS } from '@gochat/view/row';
import { expect, test } from 'vitest';
import { DIALOGS, ROWS, SAMPLES } from '../src/screens/samples.ts';

test('there is a sample of every kind of row and dialog', () => {
  expect(new Set(ROWS.map(({ kind }) => kind))).toEqual(new Set(ROW_KINDS));
  expect(Object.keys(DIALOGS).sort()).toEqual([...DIALOG_KINDS].sort());
});

test.each(Object.entries(SAMPLES))('%s names no row twice', (_name, { room }) => {
  const keys = room?.timeline.rows.map(({ key }) => key) ?? [];
  expect(keys.length).toBe(new Set(keys).size);
});
