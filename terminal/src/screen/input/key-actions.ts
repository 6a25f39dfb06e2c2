import type { FormDialog, MenuDialog } from '@gochat/view/dialog';
import type { TrayItem } from '@gochat/view/snapshot';
import { TEXT_FIELD } from '../control/dialog-controller.ts';
import { actOf, linksOf, mainFileOf } from '../control/row-focus.ts';
import type { ScreenText } from '../draw/look.ts';
import { oneLine } from '../draw/one-line.ts';
import { replace } from '../edit/editor.ts';
import type { Controls } from './controls.ts';
import type { ScreenActionName } from './keymap.ts';

const openRoom =
  (n: number) =>
  ({ view }: Controls) => {
    const entry = view.getSnapshot().rooms[n - 1];
    if (entry !== undefined) view.actions.open(entry.id);
  };

/** What the keys do that neither edit text nor run a command. */
export const KEY_ACTIONS: Readonly<Record<ScreenActionName, (controls: Controls) => void>> = {
  send: ({ field }) => field.send(),
  newline: ({ field }) => field.edit('newline'),
  'row-up': ({ field }) => field.up(),
  'row-down': ({ field }) => field.down(),
  complete: ({ view }) => view.actions.complete(),
  'complete-back': ({ view }) => view.actions.select(-1),
  'cut-or-palette': ({ field, command }) => {
    const { text, cursor } = field.editor;
    if (cursor < text.length) field.edit('kill-right');
    else command('palette');
  },
  'delete-or-quit': ({ field, command }) => {
    if (field.editor.text === '') command('quit');
    else field.edit('delete-right');
  },
  interrupt,
  escape: stepBack,
  suspend: ({ host }) => host.suspend(),
  redraw: ({ repaint }) => repaint(),
  'external-editor': ({ field }) => void field.editExternally(),
  'room-1': openRoom(1),
  'room-2': openRoom(2),
  'room-3': openRoom(3),
  'room-4': openRoom(4),
  'room-5': openRoom(5),
  'room-6': openRoom(6),
  'room-7': openRoom(7),
  'room-8': openRoom(8),
  'room-9': openRoom(9),
  'room-10': openRoom(10),
  'last-room': ({ view, previousRoom }) => {
    const room = previousRoom();
    if (room !== undefined) view.actions.open(room);
  },
  'page-up': ({ timeline }) => timeline.page(-1, 1),
  'page-down': ({ timeline }) => timeline.page(1, 1),
  'half-up': ({ timeline }) => timeline.page(-1, 0.5),
  'half-down': ({ timeline }) => timeline.page(1, 0.5),
  top: ({ timeline }) => timeline.toTop(),
  bottom: ({ timeline }) => timeline.toEnd(),
  search: ({ timeline }) => timeline.beginSearch(),
  'search-go': ({ timeline }) => timeline.search(),
  'search-end': ({ timeline }) => timeline.endSearch(),
  'hit-older': ({ view }) => view.actions.hit(1),
  'hit-newer': ({ view }) => view.actions.hit(-1),
  'focus-up': ({ timeline }) => timeline.step(-1),
  'focus-down': ({ timeline }) => timeline.step(1),
  'focus-top': ({ timeline }) => timeline.focusEnd('first'),
  'focus-bottom': ({ timeline }) => timeline.focusEnd('last'),
  'open-links': openLinks,
  'open-file': openFile,
  tray: changeTray,
  'message-menu': ({ ui, view }) => {
    const { focus } = ui.current;
    if (focus !== undefined) view.actions.menu(focus);
  },
  'jump-back': ({ ui, view, text }) => {
    if (!view.actions.back()) ui.note(text.notes.noJump);
  },
  'toggle-members': ({ ui, host, text }) => {
    const { columns } = host.size();
    ui.set({ members: !(ui.current.members ?? columns >= 100) });
    if (columns < 60) ui.note(text.notes.membersNeed(60));
  },
  'toggle-mouse': ({ ui, view, text }) => {
    const on = view.getSnapshot().settings.mouse !== '';
    view.actions.set('mouse', on ? '' : 'on');
    ui.note(on ? text.notes.mouseOff : text.notes.mouseOn);
  },
  'toggle-text-only': ({ ui, host, view, text }) => {
    const textOnly = !ui.current.textOnly;
    ui.set({ textOnly });
    host.mouse(!textOnly && view.getSnapshot().settings.mouse !== '');
    ui.note(textOnly ? text.notes.textOnly : '');
  },
  insert: ({ ui }) => ui.set({ mode: 'write' }),
  'insert-start': ({ ui, field }) => {
    field.edit('line-start');
    ui.set({ mode: 'write' });
  },
  append: ({ ui, field }) => {
    field.edit('right');
    ui.set({ mode: 'write' });
  },
  'append-end': ({ ui, field }) => {
    field.edit('line-end');
    ui.set({ mode: 'write' });
  },
  colon: ({ ui, field, command }) => {
    if (field.editor.text !== '') {
      command('palette');
      return;
    }
    ui.set({ mode: 'write' });
    field.write(replace(field.editor, '/'));
  },
};

/** Ctrl+C pressed again within this time quits. */
const TWICE_MS = 2000;

/** Ctrl+C: ends what is in progress; pressed twice it quits. */
function interrupt({ ui, command, field, timeline, text }: Controls): void {
  const now = performance.now();
  const { mode, editor, interruptedAt } = ui.current;
  if (now - interruptedAt < TWICE_MS) {
    command('quit');
    return;
  }
  ui.set({ interruptedAt: now });
  if (mode === 'search') timeline.endSearch();
  else if (mode === 'read') timeline.focus(undefined);
  else if (editor.text !== '') field.write(replace(editor, ''));
  ui.note(text.notes.quitAgain);
}

/** Esc: one step back, from the innermost state outwards. */
function stepBack({ ui, view, isVim, field, timeline, text }: Controls): void {
  const { mode, jumpTarget, editor } = ui.current;
  if (mode === 'read') {
    timeline.leave();
    return;
  }
  if (view.actions.cancel()) return;
  if (jumpTarget !== undefined) ui.set({ jumpTarget: undefined });
  if (isVim()) {
    if (mode !== 'normal') field.toNormalMode();
  } else if (editor.text === '') timeline.step(-1);
  else ui.note(text.notes.toMessages);
}

/** Opens the link of the message that has the focus; asks which where there are several. */
function openLinks({ ui, view, dialogs, openLink, text }: Controls): void {
  const row = view.getSnapshot().room?.timeline.rows.find(({ key }) => key === ui.current.focus);
  const links = linksOf(row);
  const [only] = links;
  if (only === undefined) ui.note(text.notes.noLink);
  else if (links.length === 1) void openLink(only);
  else {
    const items = links.map((href) => ({ name: href, label: oneLine(href), hint: '', danger: false }));
    const title = text.dialogs.openLink;
    const menu: MenuDialog = { kind: 'menu', title, tick: ownTick(), text: [], code: [], items };
    dialogs.ask(menu, (href) => void openLink(href));
  }
}

/** Shows the picture of the message that has the focus, plays its recording, or opens its file; stops what is played. */
function openFile({ ui, view, host, command, text }: Controls): void {
  if (host.stopPlaying()) {
    ui.note(text.notes.stopped);
    return;
  }
  const { focus } = ui.current;
  const row = view.getSnapshot().room?.timeline.rows.find(({ key }) => key === focus);
  const file = row?.kind === 'message' ? mainFileOf(row) : undefined;
  if (row === undefined || file === undefined) ui.note(text.notes.noFile);
  else if (actOf(file) === 'open') command('open');
  else {
    // Who wants to see a picture that isn't fetched unasked has asked for it.
    if (file.asks) view.actions.file(row.key, file.index, 'fetch');
    view.actions.file(row.key, file.index, actOf(file));
  }
}

/** Shows what can be done with the files that will be sent. */
function changeTray({ ui, view, dialogs, text }: Controls): void {
  const tray = view.getSnapshot().room?.composer.tray ?? [];
  if (tray.length === 0) {
    ui.note(text.notes.noTray);
    return;
  }
  const words = text.tray;
  const item = (name: string, label: string) => ({ name, label: oneLine(label), hint: '', danger: false });
  const items = tray.flatMap(({ key, name, state }) => [
    item(`alt ${key}`, words.describe(name)),
    item(`remove ${key}`, words.remove(name)),
    ...(state === 'failed' ? [item(`retry ${key}`, words.retry(name))] : []),
  ]);
  const menu: MenuDialog = { kind: 'menu', title: words.title, tick: ownTick(), text: [], code: [], items };
  dialogs.ask(menu, (picked) => {
    const [act = '', key = ''] = picked.split(/ (.*)/s);
    const chosen = tray.find((one) => one.key === key);
    if (act === 'remove' || act === 'retry') view.actions.tray(key, act);
    else if (chosen !== undefined)
      dialogs.askText(describing(chosen, words), (alt) => view.actions.tray(key, { alt }));
  });
}

function describing({ name, alt }: TrayItem, words: ScreenText['tray']): FormDialog {
  return {
    kind: 'form',
    title: oneLine(words.describe(name)),
    tick: ownTick(),
    text: [words.describeHint],
    fields: [{ name: TEXT_FIELD, label: words.description, value: alt, hint: '', type: 'text', choices: [] }],
    focus: TEXT_FIELD,
    submit: words.save,
    danger: false,
    busy: false,
    error: '',
    errorField: '',
  };
}

/** Of a dialog of the screen's own: ticks of the view's dialogs are positive. */
function ownTick(): number {
  return -1 - performance.now();
}
