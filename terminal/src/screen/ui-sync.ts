import type { Dialog } from '@gochat/view/dialog';
import { keptPlace } from '@gochat/view/kept-place';
import type { Row } from '@gochat/view/row';
import type { Snapshot } from '@gochat/view/snapshot';
import type { ScrollAnchor } from './draw/timeline.ts';
import { type Editor, EMPTY, replace } from './edit/editor.ts';
import { beginDialog } from './input/dialog-keys.ts';
import type { Ui } from './ui-state.ts';

/** What was taken from earlier snapshots. */
export interface UiSyncState {
  readonly room: string | undefined;
  readonly composer: number;
  readonly target: number | undefined;
  /** The scroll position in rooms that are not open. */
  readonly tops: ReadonlyMap<string, ScrollAnchor>;
  /** The previously open room. */
  readonly before: string | undefined;
  /** The rows of the open room. */
  readonly rows: readonly Row[];
}

export const NOT_SYNCED: UiSyncState = {
  room: undefined,
  composer: -1,
  target: undefined,
  tops: new Map(),
  before: undefined,
  rows: [],
};

/** Updates the screen's state from a snapshot: for another room, a text that the view has set, another dialog. */
export function syncUi(snapshot: Snapshot, ui: Ui, synced: UiSyncState): { ui: Ui; synced: UiSyncState } {
  const { room, dialog } = snapshot;
  let now = ui;
  let known = synced;
  if (room?.id !== synced.room) {
    const tops = new Map(synced.tops);
    if (synced.room !== undefined && ui.top !== undefined) tops.set(synced.room, ui.top);
    else if (synced.room !== undefined) tops.delete(synced.room);
    const mode = ui.mode === 'normal' ? 'normal' : 'write';
    const top = room === undefined ? undefined : tops.get(room.id);
    now = {
      ...ui,
      mode,
      focus: undefined,
      jumpTarget: undefined,
      top,
      editor: withText(EMPTY, room?.composer.text ?? ''),
    };
    // An earlier jump in that room isn't repeated.
    const target = room?.timeline.target?.tick;
    known = {
      room: room?.id,
      composer: room?.composer.tick ?? -1,
      target,
      tops,
      before: synced.room ?? synced.before,
      rows: room?.timeline.rows ?? [],
    };
  } else if (room !== undefined && room.composer.tick !== synced.composer) {
    now = { ...now, editor: replace(now.editor, room.composer.text) };
    known = { ...known, composer: room.composer.tick };
  }
  if (room !== undefined && room.timeline.rows !== known.rows) {
    // Rows may disappear: what is read stays where it is.
    const key = now.top && keptPlace(known.rows, room.timeline.rows, now.top.key);
    if (now.top !== undefined && key !== undefined && key !== now.top.key)
      now = { ...now, top: { key, line: 0 } };
    known = { ...known, rows: room.timeline.rows };
  }
  now = withDialog(now, now.menu ?? dialog);
  if (now.focus !== undefined && room?.timeline.rows.some(({ key }) => key === now.focus) !== true)
    now = { ...now, focus: undefined, mode: now.mode === 'read' ? 'write' : now.mode };
  return { ui: now, synced: known };
}

function withText(editor: Editor, text: string): Editor {
  return { ...editor, text, cursor: text.length };
}

function withDialog(ui: Ui, dialog: Dialog | undefined): Ui {
  if (dialog === undefined) return ui.dialog === undefined ? ui : { ...ui, dialog: undefined };
  return ui.dialog?.tick === dialog.tick ? ui : { ...ui, dialog: beginDialog(dialog) };
}
