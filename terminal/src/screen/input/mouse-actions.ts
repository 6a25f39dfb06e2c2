import { type Zone, zoneAt } from '../draw/zones.ts';
import type { Input } from '../terminal/input-decoder.ts';
import type { Controls } from './controls.ts';

const WHEEL_LINES = 3;

/** Handles a mouse event by the zone that is at its cell. */
export function handleMouse(controls: Controls, input: Extract<Input, { kind: 'mouse' }>): void {
  const { dialogs, timeline } = controls;
  const isDialog = dialogs.dialog !== undefined;
  if (input.what === 'wheel-up' || input.what === 'wheel-down') {
    const isUp = input.what === 'wheel-up';
    if (isDialog) dialogs.input({ kind: 'key', name: isUp ? 'up' : 'down', text: '' });
    else timeline.scroll(isUp ? -WHEEL_LINES : WHEEL_LINES);
    return;
  }
  const zones = controls.drawing()?.zones;
  if (input.what !== 'press' || zones === undefined) return;
  const hit = zoneAt(zones, input.row, input.column);
  if (!isDialog) {
    if (hit?.id !== undefined) click(controls, hit.what, hit.id);
  } else if (hit?.what === 'dialog') dialogs.click(hit.id === undefined ? undefined : Number(hit.id));
  else dialogs.close();
}

function click({ view, ui, timeline }: Controls, what: Zone['what'], id: string): void {
  const { actions } = view;
  const row = view.getSnapshot().room?.timeline.rows.find(({ key }) => key === id);
  if (what === 'room') actions.open(id);
  else if (what === 'member') actions.member(id);
  else if (what === 'completion') actions.complete(Number(id));
  else if (what === 'nick' && row?.kind === 'message' && row.first) actions.member(row.author.identity);
  else if (row !== undefined) timeline.focus(ui.current.focus === id ? undefined : id);
}
