import type { Row } from '@gochat/view/row';
import type { Snapshot } from '@gochat/view/snapshot';
import { expect, test } from 'vitest';
import { INITIAL_UI } from '../../src/screen/ui-state.ts';
import { NOT_SYNCED, syncUi } from '../../src/screen/ui-sync.ts';

function snapshotOf(keys: string): Snapshot {
  const rows = [...keys].map((key): Row => ({ kind: 'day', key, text: key, spoken: key }));
  return {
    room: { id: 'kitchen', composer: { tick: 1, text: '' }, timeline: { rows } },
  } as unknown as Snapshot;
}

test('who has scrolled up stays there when rows disappear', () => {
  let { ui, synced } = syncUi(snapshotOf('abcdef'), INITIAL_UI, NOT_SYNCED);
  const shows = (keys: string) => {
    ({ ui, synced } = syncUi(snapshotOf(keys), ui, synced));
    return ui.top;
  };
  ui = { ...ui, top: { key: 'c', line: 1 } };
  expect(shows('cdef')).toEqual({ key: 'c', line: 1 });
  expect(shows('ef')).toEqual({ key: 'e', line: 0 });
  expect(shows('xyzef')).toEqual({ key: 'e', line: 0 });
});

test('at the end it stays at the end', () => {
  const { ui, synced } = syncUi(snapshotOf('abc'), INITIAL_UI, NOT_SYNCED);
  expect(syncUi(snapshotOf('ab'), ui, synced).ui.top).toBeUndefined();
});
