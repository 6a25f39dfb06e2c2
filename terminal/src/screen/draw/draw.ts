import type { Dialog } from '@gochat/view/dialog';
import type { Completion, RoomScreen, Snapshot } from '@gochat/view/snapshot';
import { actOf, mainFileOf } from '../control/row-focus.ts';
import type { ScreenActionName } from '../input/keymap.ts';
import type { DialogUi, Ui } from '../ui-state.ts';
import type { DialogView } from './box.ts';
import {
  type ComposerView,
  completionBox,
  composerView,
  fieldWidth,
  promptWidth,
  searchView,
} from './composer.ts';
import { dialogView } from './dialog.ts';
import { type Frame, fit, type Line, lineWidth, overlay, type Size, span } from './frame.ts';
import { textSpans } from './inline-spans.ts';
import type { Look } from './look.ts';
import { oneLine } from './one-line.ts';
import { membersPane, type PaneView, roomsPane, statusLine, topLine } from './panes.ts';
import { gutterOf, type RowLines } from './rows.ts';
import { type TimelineLayout, type TimelineView, timelineView } from './timeline.ts';
import { welcomeLines } from './welcome.ts';
import { widthOf } from './width.ts';
import { wrap } from './wrap.ts';
import type { Zone } from './zones.ts';

/** What drawing needs besides what it draws. */
export interface DrawOptions extends Look {
  readonly rowLines: RowLines;
  /** The keys of a command, for hints; empty for none. */
  readonly keysOf: (command: string) => string;
  /** The keys of an action of the screen itself. */
  readonly screenKeysOf: (action: ScreenActionName) => string;
}

/** A frame, and what scrolling and clicking in it needs to know. */
export interface Drawing {
  readonly frame: Frame;
  /** Those in front come last. */
  readonly zones: readonly Zone[];
  readonly timeline: TimelineView | undefined;
  readonly layout: TimelineLayout | undefined;
  readonly fieldColumns: number;
  readonly dialog: DialogView | undefined;
}

/** The parts of a screen between its top line and its status line, in cells. A pane without room is 0 wide. */
interface BodyLayout {
  readonly top: number;
  readonly height: number;
  readonly rooms: number;
  readonly members: number;
  readonly centreLeft: number;
  readonly centreWidth: number;
}

/** A box that lies over the screen. */
interface Overlay {
  readonly lines: readonly Line[];
  readonly top: number;
  readonly left: number;
  readonly zone: Zone;
}

/** Draws a snapshot on a screen of this size. It depends on nothing but its arguments. */
export function draw(snapshot: Snapshot, ui: Ui, size: Size, options: DrawOptions): Drawing {
  const { columns, rows } = size;
  const { room } = snapshot;
  const bottom = bottomView(room, ui, size, options);
  const banner = bannerLines(snapshot, size);
  const body = bodyLayout(snapshot, ui, size, { above: 1 + banner.length, below: 1 + bottom.lines.length });
  const drawn = bodyView(snapshot, ui, body, options);
  const { timeline } = drawn;
  const below = ui.top === undefined ? 0 : (timeline?.below ?? 0);
  const lines: readonly Line[] = [
    topLine(room, columns, options),
    ...banner,
    ...drawn.lines,
    statusLine(
      snapshot,
      { below, hints: hintsOf(ui, room, options), note: ui.note, endedFlash: ui.endedFlash },
      columns,
      options,
    ),
    ...bottom.lines,
  ].slice(0, rows);

  const composerTop = rows - bottom.lines.length;
  const dialog = dialogOf(snapshot, ui, size, options);
  const overlays = [
    ...completionOverlay(snapshot, ui, columns, composerTop, options),
    ...(dialog === undefined ? [] : [dialogOverlay(dialog)]),
  ];
  const placed = overlays.reduce((under, box) => overlay(under, box.lines, box.top, box.left), lines);
  return {
    frame: {
      lines: Array.from({ length: rows }, (_, i) => fit(placed[i] ?? [], columns)),
      cursor: insideOf(size, dialog === undefined ? composerCursor(ui, bottom, composerTop) : dialog.cursor),
      over: dialog?.over,
    },
    zones: [...zonesOf(drawn, body, columns), ...overlays.map(({ zone }) => zone)],
    timeline,
    layout: drawn.layout,
    fieldColumns: fieldWidth(columns, room?.composer.mode ?? 'new', options.text),
    dialog,
  };
}

/** How wide the panes at the sides are. Below 60 columns they are hidden. */
function paneWidths(ui: Ui, columns: number): { rooms: number; members: number } {
  if (columns < 60 || ui.textOnly) return { rooms: 0, members: 0 };
  const members = ui.members ?? columns >= 100;
  return {
    rooms: Math.min(24, Math.max(14, Math.floor(columns * 0.2))),
    members: members ? Math.min(22, Math.max(14, Math.floor(columns * 0.18))) : 0,
  };
}

function bodyLayout(
  { room, rooms: all }: Snapshot,
  ui: Ui,
  { columns, rows }: Size,
  taken: { readonly above: number; readonly below: number },
): BodyLayout {
  const empty = room === undefined && all.length === 0;
  const widths = empty ? { rooms: 0, members: 0 } : paneWidths(ui, columns);
  const members = room === undefined ? 0 : widths.members;
  const centreLeft = widths.rooms === 0 ? 0 : widths.rooms + 1;
  return {
    top: taken.above,
    height: Math.max(1, rows - taken.above - taken.below),
    rooms: widths.rooms,
    members,
    centreLeft,
    centreWidth: columns - centreLeft - (members === 0 ? 0 : members + 1),
  };
}

interface BodyView {
  readonly lines: readonly Line[];
  readonly left: PaneView | undefined;
  readonly right: PaneView | undefined;
  readonly timeline: TimelineView | undefined;
  readonly layout: TimelineLayout | undefined;
}

/** The timeline or the welcome, between the panes. */
function bodyView(snapshot: Snapshot, ui: Ui, body: BodyLayout, options: DrawOptions): BodyView {
  const { height, centreWidth } = body;
  const { room } = snapshot;
  const { symbols, rowLines, keysOf } = options;
  const left = body.rooms === 0 ? undefined : roomsPane(snapshot, body.rooms, height, options);
  const right =
    body.members === 0 || room === undefined ? undefined : membersPane(room, body.members, height, options);
  const rows = room?.timeline.rows ?? [];
  const layout = room && { rows, gutter: gutterOf(centreWidth, rows), height, rowLines };
  const timeline =
    layout && timelineView(layout, ui.top, { focus: ui.focus, target: ui.jumpTarget, symbols });
  const centre = timeline?.lines ?? welcomeLines(snapshot, centreWidth, height, options, keysOf);
  const side = span(symbols.side, { fg: 'dim' });
  const lines = Array.from(
    { length: height },
    (_, i): Line => [
      ...(left === undefined ? [] : [...(left.lines[i] ?? []), side]),
      ...fit(centre[i] ?? [], centreWidth),
      ...(right === undefined ? [] : [side, ...(right.lines[i] ?? [])]),
    ],
  );
  return { lines, left, right, timeline, layout };
}

function zonesOf({ left, right, timeline, layout }: BodyView, body: BodyLayout, columns: number): Zone[] {
  const { top, centreLeft, centreWidth } = body;
  const zones: Zone[] = [];
  if (left !== undefined) zones.push({ what: 'room', left: 0, right: body.rooms, top, ids: left.ids });
  if (timeline !== undefined && layout !== undefined) {
    const { time, nick } = layout.gutter;
    const nickLeft = centreLeft + 1 + time;
    zones.push({ what: 'row', left: centreLeft, right: centreLeft + centreWidth, top, ids: timeline.keys });
    zones.push({ what: 'nick', left: nickLeft, right: nickLeft + nick, top, ids: timeline.keys });
  }
  if (right !== undefined)
    zones.push({ what: 'member', left: centreLeft + centreWidth + 1, right: columns, top, ids: right.ids });
  return zones;
}

function bottomView(
  room: RoomScreen | undefined,
  ui: Ui,
  { columns, rows }: Size,
  options: DrawOptions,
): ComposerView {
  if (room === undefined) return { lines: [], cursor: undefined };
  if (ui.mode === 'search') return searchView(room, ui.searchEditor, columns, options);
  const most = Math.max(1, Math.floor((rows - 3) / 2));
  const layout = { columns, most, normal: ui.mode === 'normal', trayKeys: options.screenKeysOf('tray') };
  return composerView(room, ui.editor, layout, options);
}

function composerCursor(ui: Ui, bottom: ComposerView, composerTop: number): Frame['cursor'] {
  if (ui.mode === 'read' || bottom.cursor === undefined) return undefined;
  return { row: composerTop + bottom.cursor.row, column: bottom.cursor.column };
}

function insideOf({ rows }: Size, cursor: Frame['cursor']): Frame['cursor'] {
  return cursor !== undefined && cursor.row >= 0 && cursor.row < rows ? cursor : undefined;
}

/** What is wrong with the connection, or with the room; at most three lines, and one on a low screen. */
function bannerLines({ connection, room }: Snapshot, { columns, rows }: Size): Line[] {
  const { state = 'sealed', text: warning = '' } = room?.lock ?? {};
  const warns = state === 'unconfirmed' || state === 'stranger';
  const text = connection.text === '' && warns ? warning : connection.text;
  if (text === '') return [];
  return wrap([...textSpans(oneLine(text), { fg: 'warn', bold: true })], columns - 2)
    .slice(0, rows < 12 ? 1 : 3)
    .map((line) => fit([span(' '), ...line], columns));
}

/** Hints for the status line, the most important first. */
function hintsOf(ui: Ui, room: RoomScreen | undefined, { keysOf, text }: DrawOptions): readonly string[] {
  if (ui.pending !== '') return [text.status.pending(ui.pending)];
  if (ui.mode !== 'read') return [];
  if (room?.search !== undefined) return text.searchKeys(oneLine(room.search.summary));
  const keys = {
    reply: keysOf('reply'),
    react: keysOf('react'),
    edit: keysOf('edit'),
    delete: keysOf('delete'),
    copy: keysOf('copy'),
    file: keysOf('show'),
    save: keysOf('save'),
  };
  const row = room?.timeline.rows.find(({ key }) => key === ui.focus);
  const message = row?.kind === 'message' ? row : undefined;
  const file = message && mainFileOf(message);
  const isSent = room?.ended === '' && message !== undefined && message.seq !== '';
  const isOwn = message?.author.own === true;
  const isAdmin = room?.members.some(({ self, role }) => self && role === 'admin') === true;
  return text.messageKeys(keys, {
    answer: isSent,
    edit: isSent && isOwn,
    delete: isSent && (isOwn || isAdmin),
    copy: message !== undefined && message.source !== '',
    file: file && actOf(file),
  });
}

function dialogOf({ dialog: open }: Snapshot, ui: Ui, size: Size, look: Look): DialogView | undefined {
  const dialog: Dialog | undefined = ui.menu ?? open;
  const state: DialogUi | undefined = ui.dialog;
  return dialog && state && dialogView(dialog, state, size, look);
}

function dialogOverlay({ lines, top, left, items }: DialogView): Overlay {
  const right = left + lineWidth(lines[0] ?? []);
  const ids = lines.map((_, i) => items[i]?.toString());
  return { lines, top, left, zone: { what: 'dialog', left, right, top, ids } };
}

/** The completions, above the field and below what they complete. */
function completionOverlay(
  { room, dialog }: Snapshot,
  ui: Ui,
  columns: number,
  composerTop: number,
  look: Look,
): Overlay[] {
  const completion = room?.composer.completion;
  const isHidden = ui.mode !== 'write' || ui.menu !== undefined || dialog !== undefined;
  if (room === undefined || completion === undefined || isHidden) return [];
  const lines = completionBox(completion, columns, composerTop - 2, look.symbols);
  const width = lineWidth(lines[0] ?? []);
  const before = widthOf(oneLine(ui.editor.text.slice(0, completion.from))) % Math.max(1, columns);
  const prompt = promptWidth(room.composer.mode, look.text);
  const left = Math.max(0, Math.min(prompt + before - 1, columns - width));
  const top = composerTop - 1 - lines.length;
  const ids = completionIds(completion, lines.length);
  return [{ lines, top, left, zone: { what: 'completion', left, right: left + width, top, ids } }];
}

function completionIds({ selected = 0 }: Completion, shown: number): string[] {
  return Array.from({ length: shown }, (_, i) => String(i + Math.max(0, selected - shown + 1)));
}
