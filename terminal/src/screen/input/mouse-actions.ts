import { type Zone, zoneAt } from '../draw/draw.ts';
import type { Screen } from '../screen.ts';
import type { Input } from '../terminal/input-decoder.ts';
import { dialogClick } from './dialog-keys.ts';

const WHEEL_LINES = 3;

/** Runs what a mouse event means at the cell where it happened. */
export function handleMouse(screen: Screen, input: Extract<Input, { kind: 'mouse' }>): void {
  const { drawing, dialog } = screen;
  if (input.what === 'wheel-up' || input.what === 'wheel-down') {
    const by = input.what === 'wheel-up' ? -1 : 1;
    if (dialog === undefined) screen.scroll(by * WHEEL_LINES);
    else screen.inDialog({ kind: 'key', name: by < 0 ? 'up' : 'down', text: '' });
    return;
  }
  if (input.what !== 'press' || drawing === undefined) return;
  const hit = zoneAt(drawing, input.row, input.column);
  if (dialog !== undefined) {
    if (hit?.what !== 'dialog') screen.answers.close();
    else if (hit.id !== undefined && screen.ui.dialog !== undefined) {
      const next = dialogClick(dialog, screen.ui.dialog, Number(hit.id), screen.answers);
      if (screen.dialog?.tick === dialog.tick) screen.set({ dialog: next });
    }
    return;
  }
  if (hit?.id !== undefined) click(screen, hit.what, hit.id);
}

function click(screen: Screen, what: Zone['what'], id: string): void {
  const { actions } = screen.view;
  const row = screen.room?.timeline.rows.find(({ key }) => key === id);
  if (what === 'room') actions.open(id);
  else if (what === 'member') actions.member(id);
  else if (what === 'completion') actions.complete(Number(id));
  else if (what === 'nick' && row?.kind === 'message' && row.first) actions.member(row.author.device);
  else if (row !== undefined) screen.focus(screen.ui.focus === id ? undefined : id);
}
