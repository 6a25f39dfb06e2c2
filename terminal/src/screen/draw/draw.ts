import type { RoomScreen, Snapshot } from '@gochat/view/snapshot';
import type { Ui } from '../ui-state.ts';
import { textSpans } from './blocks.ts';
import type { DialogView } from './box.ts';
import {
  type ComposerView,
  completionBox,
  composerView,
  fieldWidth,
  promptOf,
  searchView,
} from './composer.ts';
import { dialogView } from './dialog.ts';
import { type Frame, fit, type Line, lineWidth, overlay, type Size, span } from './frame.ts';
import { oneLine } from './one-line.ts';
import { membersPane, type PaneView, roomsPane, statusLine, topLine } from './panes.ts';
import { gutterOf, type RowLines } from './rows.ts';
import type { Symbols } from './symbols.ts';
import { type TimelineLayout, type TimelineView, timelineView } from './timeline.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';

/** What drawing needs besides what it draws. */
export interface DrawOptions {
  readonly symbols: Symbols;
  readonly rowLines: RowLines;
  /** The keys of a command, for hints: empty for none. */
  readonly keysOf: (command: string) => string;
}

/** Where a click leads: what stands in a part of the screen, by its rows. */
export interface Zone {
  readonly what: 'room' | 'member' | 'row' | 'nick' | 'completion' | 'dialog';
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly ids: readonly (string | undefined)[];
}

/** A frame, and what moving about in it needs to know. */
export interface Drawing {
  readonly frame: Frame;
  /** Those in front come last. */
  readonly zones: readonly Zone[];
  readonly timeline: TimelineView | undefined;
  readonly layout: TimelineLayout | undefined;
  readonly fieldColumns: number;
  readonly dialog: DialogView | undefined;
}

/** How wide the panes at the sides are: 0 where there is no room for them. */
function paneWidths(
  ui: Pick<Ui, 'textOnly' | 'members'>,
  columns: number,
): { rooms: number; members: number } {
  if (columns < 60 || ui.textOnly) return { rooms: 0, members: 0 };
  const members = ui.members ?? columns >= 100;
  return {
    rooms: Math.min(24, Math.max(14, Math.floor(columns * 0.2))),
    members: members ? Math.min(22, Math.max(14, Math.floor(columns * 0.18))) : 0,
  };
}

/** What a screen of this size shows: nothing but what is given goes into it. */
export function draw(snapshot: Snapshot, ui: Ui, size: Size, options: DrawOptions): Drawing {
  const { columns, rows } = size;
  const { symbols } = options;
  const { room } = snapshot;
  const bottom = bottomView(room, ui, size, symbols);
  const banner = bannerLines(snapshot, columns, rows);
  const bodyTop = 1 + banner.length;
  const height = Math.max(1, rows - bodyTop - 1 - bottom.lines.length);
  const widths =
    room === undefined && snapshot.rooms.length === 0 ? { rooms: 0, members: 0 } : paneWidths(ui, columns);
  const members = room === undefined ? 0 : widths.members;
  const left = widths.rooms === 0 ? undefined : roomsPane(snapshot.rooms, widths.rooms, height, symbols);
  const right =
    members === 0 || room === undefined ? undefined : membersPane(room.members, members, height, symbols);
  const centreLeft = left === undefined ? 0 : widths.rooms + 1;
  const centreWidth = columns - centreLeft - (right === undefined ? 0 : members + 1);

  const layout = room === undefined ? undefined : layoutOf(room, centreWidth, height, options.rowLines);
  const timeline =
    layout && timelineView(layout, ui.top, { focus: ui.focus, target: ui.jumpTarget, symbols });
  const centre = timeline === undefined ? welcome(snapshot, centreWidth, height, options) : timeline.lines;
  const side = span(symbols.side, { ink: 'dim' });
  const body = Array.from(
    { length: height },
    (_, i): Line => [
      ...(left === undefined ? [] : [...(left.lines[i] ?? []), side]),
      ...fit(centre[i] ?? [], centreWidth),
      ...(right === undefined ? [] : [side, ...(right.lines[i] ?? [])]),
    ],
  );
  const parts = {
    below: ui.top === undefined ? 0 : (timeline?.below ?? 0),
    hint: hintOf(ui, room, options),
    note: ui.note,
  };
  let lines: readonly Line[] = [
    topLine(room, columns, symbols),
    ...banner,
    ...body,
    statusLine(snapshot, parts, columns, symbols),
    ...bottom.lines,
  ].slice(0, rows);
  const zones = zonesOf({
    left,
    right,
    timeline,
    bodyTop,
    centreLeft,
    centreWidth,
    columns,
    roomsWidth: widths.rooms,
  });
  const composerTop = rows - bottom.lines.length;

  const completion = room?.composer.completion;
  if (
    completion !== undefined &&
    ui.mode === 'write' &&
    ui.menu === undefined &&
    snapshot.dialog === undefined
  ) {
    const box = completionBox(completion, columns, composerTop - 2, symbols);
    const boxLeft = boxColumn(
      ui.editor.text.slice(0, completion.from),
      box,
      columns,
      room?.composer.mode ?? 'new',
    );
    lines = overlay(lines, box, composerTop - 1 - box.length, boxLeft);
    zones.push({
      what: 'completion',
      left: boxLeft,
      right: boxLeft + (box[0] === undefined ? 0 : lineWidth(box[0])),
      top: composerTop - 1 - box.length,
      ids: box.map((_, i) => String(i + Math.max(0, completion.selected - box.length + 1))),
    });
  }

  const dialog = ui.menu ?? snapshot.dialog;
  let cursor = bottom.cursor && { row: composerTop + bottom.cursor.row, column: bottom.cursor.column };
  let dialogDrawn: DialogView | undefined;
  if (dialog !== undefined && ui.dialog !== undefined) {
    dialogDrawn = dialogView(dialog, ui.dialog, size, symbols);
    lines = overlay(lines, dialogDrawn.lines, dialogDrawn.top, dialogDrawn.left);
    cursor = dialogDrawn.cursor;
    zones.push({
      what: 'dialog',
      left: dialogDrawn.left,
      right: dialogDrawn.left + lineWidth(dialogDrawn.lines[0] ?? []),
      top: dialogDrawn.top,
      ids: dialogDrawn.lines.map((_, i) => dialogDrawn?.items[i]?.toString()),
    });
  } else if (ui.mode === 'read') cursor = undefined;
  const fieldColumns = fieldWidth(columns, room?.composer.mode ?? 'new');
  const inside = cursor !== undefined && cursor.row < rows && cursor.row >= 0 ? cursor : undefined;
  return {
    frame: { lines: filled(lines, size), cursor: inside },
    zones,
    timeline,
    layout,
    fieldColumns,
    dialog: dialogDrawn,
  };
}

function filled(lines: readonly Line[], { columns, rows }: Size): Line[] {
  return Array.from({ length: rows }, (_, i) => fit(lines[i] ?? [], columns));
}

function layoutOf(room: RoomScreen, width: number, height: number, rowLines: RowLines): TimelineLayout {
  return { rows: room.timeline.rows, gutter: gutterOf(width), height, rowLines };
}

function bottomView(
  room: RoomScreen | undefined,
  ui: Ui,
  { columns, rows }: Size,
  symbols: Symbols,
): ComposerView {
  if (room === undefined) return { lines: [], cursor: undefined };
  if (ui.mode === 'search') return searchView(room, ui.searchEditor, columns, symbols);
  const most = Math.max(1, Math.floor((rows - 3) / 2));
  return composerView(room, ui.editor, { columns, most }, { normal: ui.mode === 'normal', symbols });
}

function bannerLines(snapshot: Snapshot, columns: number, rows: number): Line[] {
  const { text } = snapshot.connection;
  if (text === '') return [];
  const most = rows < 12 ? 1 : 2;
  return wrap([...textSpans(oneLine(text), { ink: 'warn', bold: true })], columns - 2)
    .slice(0, most)
    .map((line) => fit([span(' '), ...line], columns));
}

function hintOf(ui: Ui, room: RoomScreen | undefined, { keysOf }: DrawOptions): string {
  if (ui.pending !== '') return `${ui.pending} …`;
  if (ui.mode !== 'read') return '';
  const search = room?.search;
  if (search !== undefined) return `${oneLine(search.summary)}  n older  N newer  Enter more  Esc ends`;
  const keys = (['reply', 'react', 'edit', 'delete', 'copy'] as const).map(
    (name) => `${keysOf(name)} ${name}`,
  );
  return `${keys.join('  ')}  Enter more  Esc back`;
}

/** What stands where a timeline would: how to begin. */
function welcome(
  snapshot: Snapshot,
  width: number,
  height: number,
  { keysOf }: DrawOptions,
): readonly Line[] {
  const none = snapshot.rooms.length === 0;
  const said: readonly Line[] = [
    [span(none ? 'You are in no room yet.' : 'No room is open.', { bold: true })],
    [],
    ...(none
      ? [
          key('c', 'create a room and invite others'),
          key('j', 'join one with an invite link; or paste the link here'),
        ]
      : [
          key('1-9', 'open the room of this number'),
          key('c', 'create a room'),
          key('j', 'join one with an invite link'),
        ]),
    key(keysOf('palette'), 'find everything else'),
    key(keysOf('help'), 'keys and commands'),
    key('q', 'quit'),
  ];
  const wrapped = said.flatMap((line) => wrap(line, Math.max(8, width - 4)));
  const above = Math.max(0, Math.floor((height - wrapped.length) / 2));
  return [
    ...Array.from({ length: above }, (): Line => []),
    ...wrapped.map((line): Line => [span('  '), ...line]),
  ];
}

function key(name: string, does: string): Line {
  return [span(name.padEnd(8), { ink: 'accent', bold: true }), span(does)];
}

function boxColumn(
  before: string,
  box: readonly Line[],
  columns: number,
  mode: Parameters<typeof promptOf>[0],
): number {
  const width = box[0] === undefined ? 0 : lineWidth(box[0]);
  const column = promptOf(mode).length + (widthOf(oneLine(before)) % Math.max(1, columns)) - 1;
  return Math.max(0, Math.min(column, columns - width));
}

function zonesOf(at: {
  left: PaneView | undefined;
  right: PaneView | undefined;
  timeline: TimelineView | undefined;
  bodyTop: number;
  centreLeft: number;
  centreWidth: number;
  columns: number;
  roomsWidth: number;
}): Zone[] {
  const { left, right, timeline, bodyTop: top, centreLeft, centreWidth, columns, roomsWidth } = at;
  const zones: Zone[] = [];
  if (left !== undefined) zones.push({ what: 'room', left: 0, right: roomsWidth, top, ids: left.ids });
  if (timeline !== undefined) {
    const { time, nick } = gutterOf(centreWidth);
    const nickLeft = centreLeft + 1 + time;
    zones.push({ what: 'row', left: centreLeft, right: centreLeft + centreWidth, top, ids: timeline.keys });
    zones.push({ what: 'nick', left: nickLeft, right: nickLeft + nick, top, ids: timeline.keys });
  }
  if (right !== undefined)
    zones.push({ what: 'member', left: centreLeft + centreWidth + 1, right: columns, top, ids: right.ids });
  return zones;
}

/** What stands at a cell, the frontmost first. */
export function zoneAt(
  drawing: Drawing,
  row: number,
  column: number,
): { what: Zone['what']; id: string | undefined } | undefined {
  for (const zone of drawing.zones.toReversed()) {
    const inside =
      column >= zone.left && column < zone.right && row >= zone.top && row < zone.top + zone.ids.length;
    if (inside) return { what: zone.what, id: zone.ids[row - zone.top] };
  }
  return undefined;
}
