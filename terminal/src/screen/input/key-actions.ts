import type { MenuDialog } from '@gochat/view/dialog';
import { oneLine } from '../draw/one-line.ts';
import { EDITS, EMPTY, move, replace } from '../edit/editor.ts';
import { moveRow } from '../edit/field.ts';
import type { Screen } from '../screen.ts';
import { linksOf, nextFocus } from '../ui-sync.ts';
import type { ScreenActionName } from './keymap.ts';

const TWICE_MS = 2000;

/** Runs the action that a key is bound to. */
export function performKeyAction(screen: Screen, name: ScreenActionName): void {
  KEY_ACTIONS[name](screen);
}

const room = (n: number) => (screen: Screen) => {
  const entry = screen.snapshot.rooms[n - 1];
  if (entry !== undefined) screen.view.actions.open(entry.id);
};

const KEY_ACTIONS: Readonly<Record<ScreenActionName, (screen: Screen) => void>> = {
  send,
  newline: (screen) => screen.edit('newline'),
  'row-up': rowUp,
  'row-down': rowDown,
  complete: ({ view }) => view.actions.complete(),
  'complete-back': ({ view }) => view.actions.select(-1),
  'cut-or-palette': (screen) => {
    const { text, cursor } = screen.ui.editor;
    if (cursor < text.length) screen.edit('kill-right');
    else screen.command('palette');
  },
  'delete-or-quit': (screen) => {
    if (screen.ui.editor.text === '') screen.host.quit();
    else screen.edit('delete-right');
  },
  interrupt,
  escape: stepBack,
  suspend: ({ host }) => host.suspend(),
  redraw: (screen) => screen.repaint(),
  'external-editor': (screen) => {
    if (screen.room?.composer.mode === 'closed') return;
    void screen.host.edit(screen.ui.editor.text).then((text) => {
      if (text !== undefined) screen.write(replace(screen.ui.editor, text));
      else screen.note('The editor did not end well: nothing was changed');
    });
  },
  'room-1': room(1),
  'room-2': room(2),
  'room-3': room(3),
  'room-4': room(4),
  'room-5': room(5),
  'room-6': room(6),
  'room-7': room(7),
  'room-8': room(8),
  'room-9': room(9),
  'room-10': room(10),
  'last-room': (screen) => {
    const { before } = screen.synced;
    if (before !== undefined) screen.view.actions.open(before);
  },
  'page-up': (screen) => page(screen, -1, 1),
  'page-down': (screen) => page(screen, 1, 1),
  'half-up': (screen) => page(screen, -1, 0.5),
  'half-down': (screen) => page(screen, 1, 0.5),
  top: (screen) => {
    const first = screen.room?.timeline.rows[0];
    if (first !== undefined) screen.set({ top: { key: first.key, line: 0 } });
  },
  bottom: (screen) => screen.set({ top: undefined, jumpTarget: undefined }),
  search: (screen) =>
    screen.set({ mode: 'search', searchEditor: replace(EMPTY, screen.room?.search?.text ?? '') }),
  'search-go': (screen) => {
    const { text } = screen.ui.searchEditor;
    if (text.trim() === '') endSearch(screen);
    else if (screen.room?.search?.text === text.trim()) screen.view.actions.hit(1);
    else screen.find(text);
  },
  'search-end': endSearch,
  'hit-older': ({ view }) => view.actions.hit(1),
  'hit-newer': ({ view }) => view.actions.hit(-1),
  'focus-up': (screen) => step(screen, -1),
  'focus-down': (screen) => step(screen, 1),
  'focus-top': (screen) => edge(screen, 'first'),
  'focus-bottom': (screen) => edge(screen, 'last'),
  'open-links': openLinks,
  'message-menu': (screen) => {
    if (screen.ui.focus !== undefined) screen.view.actions.menu(screen.ui.focus);
  },
  'jump-back': (screen) => {
    if (!screen.view.actions.back()) screen.note('There was no jump to go back from');
  },
  'toggle-members': (screen) => {
    const { columns } = screen.host.size();
    const shown = screen.ui.members ?? columns >= 100;
    screen.set({ members: !shown });
    if (columns < 60) screen.note('Members need a window of 60 columns; /members lists them');
  },
  'toggle-mouse': (screen) => {
    const on = screen.snapshot.settings.mouse !== '';
    screen.view.actions.set('mouse', on ? '' : 'on');
    screen.note(on ? 'The mouse is the terminal’s now' : 'The mouse is the chat’s now');
  },
  'toggle-text-only': (screen) => {
    const textOnly = !screen.ui.textOnly;
    screen.set({ textOnly });
    screen.host.mouse(!textOnly && screen.snapshot.settings.mouse !== '');
    screen.note(textOnly ? 'Select with the mouse; Alt+L brings the rest back' : '');
  },
  insert: (screen) => screen.set({ mode: 'write' }),
  'insert-start': (screen) => {
    screen.write(EDITS['line-start'](screen.ui.editor));
    screen.set({ mode: 'write' });
  },
  append: (screen) => {
    screen.write(EDITS.right(screen.ui.editor));
    screen.set({ mode: 'write' });
  },
  'append-end': (screen) => {
    screen.write(EDITS['line-end'](screen.ui.editor));
    screen.set({ mode: 'write' });
  },
  colon: (screen) => {
    screen.set({ mode: 'write' });
    if (screen.ui.editor.text === '') screen.write(replace(screen.ui.editor, '/'));
    else screen.command('palette');
  },
};

function send(screen: Screen): void {
  screen.draft = undefined;
  const items = screen.room?.composer.completion?.items ?? [];
  const typed = screen.ui.editor.text.trim();
  // A command that isn't written out is meant to become one.
  if (items[0]?.kind === 'command' && !items.some(({ insert }) => insert.trim() === typed)) {
    screen.view.actions.complete();
    return;
  }
  if (screen.ui.editor.text.trim() !== '' && screen.room?.composer.mode !== 'closed')
    screen.view.actions.send();
}

/** Up: the completion, then the rows of the field, then what was said before. */
function rowUp(screen: Screen): void {
  const { actions } = screen.view;
  const { editor } = screen.ui;
  if (screen.room?.composer.completion !== undefined) {
    actions.select(-1);
    return;
  }
  const moved = moveRow(editor, screen.drawing?.fieldColumns ?? 80, -1);
  if (moved !== undefined) {
    screen.write(moved);
    return;
  }
  if (screen.room?.composer.mode !== 'new') return;
  if (editor.text === '' && actions.editLast()) return;
  if (screen.draft === undefined) screen.draft = editor.text;
  if (!actions.recall(-1) && screen.draft === editor.text) screen.draft = undefined;
}

function rowDown(screen: Screen): void {
  const { actions } = screen.view;
  const { editor } = screen.ui;
  if (screen.room?.composer.completion !== undefined) {
    actions.select(1);
    return;
  }
  const moved = moveRow(editor, screen.drawing?.fieldColumns ?? 80, 1);
  if (moved !== undefined) {
    screen.write(moved);
    return;
  }
  if (screen.draft === undefined || !actions.recall(1)) return;
  // Behind the newest stands what was being written.
  if (screen.room?.composer.text === '' && screen.draft !== '') screen.write(replace(EMPTY, screen.draft));
  if (screen.room?.composer.text === '') screen.draft = undefined;
}

function interrupt(screen: Screen): void {
  const now = performance.now();
  if (now - screen.interruptedAt < TWICE_MS) {
    screen.host.quit();
    return;
  }
  screen.interruptedAt = now;
  if (screen.ui.mode === 'search') endSearch(screen);
  else if (screen.ui.mode === 'read') screen.focus(undefined);
  else if (screen.ui.editor.text !== '') screen.write(replace(screen.ui.editor, ''));
  screen.note('Ctrl+C once more quits');
}

function stepBack(screen: Screen): void {
  const { ui } = screen;
  if (ui.mode === 'read') {
    if (screen.room?.search !== undefined) screen.view.actions.search('');
    screen.set({ jumpTarget: undefined });
    screen.focus(undefined);
    return;
  }
  if (screen.view.actions.cancel()) return;
  if (ui.jumpTarget !== undefined) screen.set({ jumpTarget: undefined });
  if (screen.isVim) {
    if (ui.mode === 'normal') return;
    screen.set({ mode: 'normal', editor: move(ui.editor, ui.editor.cursor) });
  } else if (ui.editor.text === '') step(screen, -1);
  else screen.note('Alt+Up goes to the messages');
}

/** Focus to the next row; down from the last one it is back in the field. */
function step(screen: Screen, by: 1 | -1): void {
  const { room: open, ui, drawing } = screen;
  if (open === undefined) return;
  if (ui.focus === undefined && by === 1) return;
  const next = nextFocus(open.timeline.rows, ui.focus, drawing?.timeline?.last, by);
  if (next !== undefined) screen.focus(next);
  else if (by === 1) {
    screen.focus(undefined);
    screen.set({ top: undefined });
  }
}

function edge(screen: Screen, which: 'first' | 'last'): void {
  const rows = screen.room?.timeline.rows ?? [];
  const at = which === 'first' ? rows[0] : rows.at(-1);
  if (at === undefined) return;
  const found = nextFocus(rows, undefined, at.key, -1) ?? nextFocus(rows, at.key, undefined, 1);
  screen.focus(found);
}

function page(screen: Screen, by: 1 | -1, share: number): void {
  const height = screen.drawing?.layout?.height ?? 1;
  // One line stays, so that the eye finds where it was.
  screen.scroll(by * Math.max(1, Math.floor((height - 1) * share)));
  if (screen.ui.mode === 'read') screen.keepFocusInView(by);
}

function endSearch(screen: Screen): void {
  screen.view.actions.search('');
  screen.set({ mode: screen.isVim ? 'normal' : 'write', focus: undefined, jumpTarget: undefined });
}

/** Opens the link of a message; asks which where there are several. */
function openLinks(screen: Screen): void {
  const row = screen.room?.timeline.rows.find(({ key }) => key === screen.ui.focus);
  const links = linksOf(row);
  const [only] = links;
  if (only === undefined) screen.note('There is no link in it');
  else if (links.length === 1) void screen.openLink(only);
  else {
    const items = links.map((href) => ({ name: href, label: oneLine(href), hint: '', danger: false }));
    const menu: MenuDialog = {
      kind: 'menu',
      title: 'Open a link',
      tick: -1 - performance.now(),
      text: [],
      items,
    };
    screen.ask(menu, (href) => void screen.openLink(href));
  }
}
