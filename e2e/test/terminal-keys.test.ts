import type { Snapshot } from '@gochat/view/snapshot';
import { afterEach, describe, expect, test } from 'vitest';
import { FILE_SAMPLES } from '../src/screens/file-samples.ts';
import {
  ANA,
  asking,
  BEN,
  DIALOGS,
  longRoom,
  message,
  ROWS,
  SAMPLES,
  snapshot,
} from '../src/screens/samples.ts';
import { Stage } from '../src/terminal/stage.ts';

const ESC = '\u001b';
const UP = `${ESC}[A`;
const DOWN = `${ESC}[B`;
const open: Stage[] = [];

afterEach(() => {
  for (const stage of open.splice(0)) stage.close();
});

function stage(
  shown: Snapshot = SAMPLES.talking,
  options: ConstructorParameters<typeof Stage>[1] = {},
): Stage {
  const made = new Stage(shown, options);
  open.push(made);
  return made;
}

/** The same snapshot after the view has put a text into the field. */
function put(shown: Snapshot, text: string, more: object = {}): Snapshot {
  const { room } = shown;
  if (room === undefined) throw new Error('no room is open');
  return {
    ...shown,
    room: { ...room, composer: { ...room.composer, tick: room.composer.tick + 1, text, ...more } },
  };
}

describe('writing', () => {
  test('typed text is on the screen and passed to the view', async () => {
    const ana = stage();
    expect(await ana.press('hé')).toEqual([
      ['type', 'h', 1],
      ['type', 'hé', 2],
    ]);
    expect((await ana.lines()).at(-1)).toBe('> hé');
    expect(await ana.press('\r')).toEqual([['send']]);
    ana.show(put(ana.snapshot, ''));
    expect((await ana.lines()).at(-1)).toBe('> Write a message');
  });

  test('keys of readline edit the text', async () => {
    const ana = stage();
    await ana.press('one two', '\u0001', '\u000b');
    expect((await ana.lines()).at(-1)).toBe('> Write a message');
    await ana.press('\u0019', '\u0017', `${ESC}\r`, 'below');
    expect((await ana.lines()).slice(-2)).toEqual(['> one', '  below']);
    await ana.press('\u001f', '\u001f', '\u001f', '\u001f');
    expect(ana.screen.ui.editor.text.length).toBeLessThan('one \nbelow'.length);
  });

  test('Ctrl+K cuts the text after the cursor; at the end of the text it opens the palette', async () => {
    const ana = stage();
    await ana.press('word', '\u0001');
    expect(await ana.press('\u000b')).toEqual([['type', '', 0]]);
    expect(await ana.press('\u000b')).toEqual([['run', 'palette', '', undefined]]);
    expect(await ana.press('\u0007')).toEqual([['run', 'palette', '', undefined]]);
  });

  test('keys after a Tab in one read apply to the completed text', async () => {
    const ana = stage(SAMPLES.completing);
    ana.answers = { ...ana.answers };
    const completed = put(SAMPLES.completing, 'hello @ben ', { completion: undefined });
    const before = ana.calls.length;
    Object.defineProperty(ana.answers, 'complete', {
      get: () => {
        ana.snapshot = completed;
        return undefined;
      },
    });
    await ana.press('\tyou');
    expect(ana.calls.slice(before).find(([name]) => name === 'complete')).toBeDefined();
    expect(ana.screen.ui.editor.text).toBe('hello @ben you');
  });

  test('Up and Down choose a suggestion; Enter inserts what was chosen, and sends when nothing was', async () => {
    const ana = stage(SAMPLES.completing);
    expect(await ana.press(DOWN, UP)).toEqual([
      ['select', 1],
      ['select', -1],
    ]);
    const items = [{ kind: 'command', insert: '/invite ', label: '/invite', hint: '' }] as const;
    const half = (selected: number | undefined) =>
      put(SAMPLES.talking, '/inv', { completion: { from: 0, to: 4, selected, items } });
    ana.show(half(0));
    expect(await ana.press('\r')).toEqual([['complete']]);
    ana.show(half(undefined));
    expect(await ana.press('\r')).toEqual([['send']]);
  });

  test('Up edits the last message in an empty field, and otherwise recalls messages; Down restores the draft', async () => {
    const ana = stage();
    ana.answers = { ...ana.answers, editLast: true };
    expect(await ana.press(UP)).toEqual([['editLast']]);
    ana.answers = { ...ana.answers, recall: true };
    await ana.press('draft');
    expect((await ana.press(UP)).at(-1)).toEqual(['recall', -1]);
    ana.show(put(ana.snapshot, 'what was said'));
    expect(ana.screen.ui.editor.text).toBe('what was said');
    ana.show(put(ana.snapshot, ''));
    await ana.press(DOWN);
    expect(ana.screen.ui.editor.text).toBe('draft');
  });

  test('a paste is passed to the view, whatever it contains', async () => {
    const ana = stage();
    await ana.press('ab', `${ESC}[D`);
    expect(await ana.press(`${ESC}[200~/leave\r\nrest${ESC}[201~`)).toEqual([['paste', '/leave\nrest', 1]]);
  });

  test('an error line ends with the next key, which shows the hints again; the next error is shown', async () => {
    const status = async (ana: Stage) => (await ana.lines()).at(-2) ?? '';
    const ana = stage();
    await ana.press(ESC);
    // What waits to be sent can't be answered or changed.
    expect(await status(ana)).toMatch(/Esc back +y copy/);
    const error = (tick: number) => ({ tone: 'bad', text: 'That failed', tick }) as const;
    ana.show({ ...ana.snapshot, flash: error(7) });
    expect(await status(ana)).toContain('That failed');
    await ana.press('k');
    const hints = await status(ana);
    expect(hints).toMatch(/r reply +\S+ react +e edit +d delete +y copy/);
    ana.show({ ...ana.snapshot, flash: error(8) });
    expect(await status(ana)).toContain('That failed');
    ana.show({ ...ana.snapshot, flash: { tone: 'good', text: 'Copied', tick: 9 } });
    await ana.press('j');
    expect(await status(ana)).toContain('Copied');
  });

  test('the user’s editor gets the text and returns it', async () => {
    const ana = stage();
    await ana.press('text', '\u0018\u0005');
    await expect.poll(() => ana.screen.ui.editor.text).toBe('text edited');
  });

  test('a closed room accepts no text', async () => {
    const ana = stage(SAMPLES.closed);
    expect(await ana.press('hello\r')).toEqual([]);
  });
});

describe('messages', () => {
  test('Esc moves the focus to messages, where letters are commands; Esc returns', async () => {
    const ana = stage();
    await ana.press(ESC);
    expect(ana.screen.ui.focus).toBe('own.c');
    await ana.press('k', 'k');
    expect(ana.screen.ui.focus).toBe('22.0');
    expect((await ana.lines()).find((line) => line.includes('who brings the wine?'))).toContain('▌');
    expect(await ana.press('+')).toEqual([['run', 'react', '', '22.0']]);
    expect(await ana.press('\r')).toEqual([['menu', '22.0']]);
    expect(await ana.press('r')).toEqual([['run', 'reply', '', '22.0']]);
    expect(ana.screen.ui.mode).toBe('write');
    expect(ana.screen.ui.focus).toBeUndefined();
  });

  test('separators of days are skipped', async () => {
    const ana = stage();
    await ana.press(`${ESC}${UP}`, 'k', 'k', 'k', 'k');
    expect(ana.screen.ui.focus).toBe('20.0');
    await ana.press('k');
    expect(ana.screen.ui.focus).toBe('17.0');
  });

  test('down from the last message returns to the field', async () => {
    const ana = stage();
    await ana.press(`${ESC}${UP}`, 'j');
    expect(ana.screen.ui.mode).toBe('write');
  });

  test('o opens the link', async () => {
    const ana = stage();
    await ana.press(`${ESC}${UP}`, 'g');
    while (ana.screen.ui.focus !== '20.0') await ana.press('j');
    expect(await ana.press('o')).toEqual([['openLink outside', 'https://example.org/recipes?page=2']]);
  });

  test('o shows a menu for several links', async () => {
    const link = (href: string) => ({ kind: 'link', href, inside: [{ kind: 'text', text: 'x' }] }) as const;
    const body = [
      { kind: 'paragraph', inside: [link('https://a.example/'), link('https://b.example/')] },
    ] as const;
    const ana = stage(snapshot([message('1.0', BEN, 'links', { body })]));
    await ana.press(`${ESC}${UP}`, 'o');
    expect(await ana.text()).toContain('Open a link');
    expect(await ana.press(DOWN, '\r')).toEqual([['openLink outside', 'https://b.example/']]);
    expect(await ana.text()).not.toContain('Open a link');
  });

  test('a seen row is reported once, and not while the window has no focus', () => {
    const ana = stage();
    const seen = () => ana.calls.filter(([name]) => name === 'seen').map(([, key]) => key);
    expect(seen()).toEqual(['own.c']);
    ana.screen.take({ kind: 'focus', on: false });
    ana.show(snapshot([...ROWS, message('30.0', BEN, 'anybody?')]));
    expect(seen()).toEqual(['own.c']);
    ana.screen.take({ kind: 'focus', on: true });
    ana.screen.paint();
    expect(seen()).toEqual(['own.c', '30.0']);
    expect(ana.calls.filter(([name]) => name === 'look')).toEqual([
      ['look', false],
      ['look', true],
    ]);
  });
});

describe('scrolling', () => {
  test('scrolls by pages, and shows how many rows are below', async () => {
    const ana = stage(SAMPLES.long);
    await ana.press(`${ESC}[5~`);
    expect((await ana.lines()).at(-2)).toMatch(/-MORE\(\d+\)-/);
    const first = (await ana.lines())[1];
    ana.show(snapshot([...longRoom(), message('new.0', BEN, 'new')]));
    expect((await ana.lines())[1]).toBe(first);
    await ana.press(`${ESC}[6~`, `${ESC}[6~`);
    expect((await ana.lines()).at(-2)).not.toContain('MORE');
    expect((await ana.lines()).at(-3)).toContain('new');
  });

  test('loads earlier messages at the top', async () => {
    const rows = longRoom(50);
    const shown = snapshot(rows);
    const { room } = shown;
    if (room === undefined) throw new Error('no room is open');
    const ana = stage({ ...shown, room: { ...room, timeline: { ...room.timeline, more: true } } });
    expect(ana.calls.map(([name]) => name)).not.toContain('loadEarlier');
    await ana.press(`${ESC}[1;3H`);
    expect(ana.calls.map(([name]) => name)).toContain('loadEarlier');
  });

  test('a jump reveals the row and marks it, once', async () => {
    const ana = stage(snapshot(longRoom(500)));
    const jumped = (tick: number) => {
      const shown = snapshot(longRoom(500));
      const { room } = shown;
      if (room === undefined) throw new Error('no room is open');
      return { ...shown, room: { ...room, timeline: { ...room.timeline, target: { key: '100.0', tick } } } };
    };
    ana.show(jumped(1));
    expect((await ana.lines()).find((line) => line.includes('message 100'))).toContain('▌');
    await ana.press(`${ESC}[1;3F`);
    ana.show(jumped(1));
    expect(await ana.text()).not.toContain('message 100');
    ana.show(jumped(2));
    expect(await ana.text()).toContain('message 100');
  });

  test('a search goes to the newest match; n and N go to others, Esc closes it', async () => {
    const ana = stage();
    expect(await ana.press('\u0013', 'wine', '\r')).toEqual([['search', 'wine']]);
    const { room } = SAMPLES.searching;
    const found = {
      ...SAMPLES.searching,
      room: { ...room, search: { ...room?.search, at: -1 } },
    } as Snapshot;
    ana.show(found);
    expect(ana.calls).toContainEqual(['hit', 1]);
    const target = { key: '22.0', tick: 5 };
    ana.show({
      ...found,
      room: { ...found.room, timeline: { ...found.room?.timeline, target } },
    } as Snapshot);
    expect(ana.screen.ui).toMatchObject({ mode: 'read', focus: '22.0' });
    expect(await ana.press('n', 'N')).toEqual([
      ['hit', 1],
      ['hit', -1],
    ]);
    expect(await ana.press(ESC)).toEqual([['search', '']]);
  });

  test('a search by a command shows its field, what it has found, and the newest match', async () => {
    const ana = stage();
    const { room } = SAMPLES.searching;
    const by = (search: object) =>
      ({ ...SAMPLES.searching, room: { ...room, search: { ...room?.search, ...search } } }) as Snapshot;
    ana.show(by({ text: 'beer', busy: true, hits: [], at: -1, summary: 'Searching…' }));
    ana.show(by({ text: 'beer', busy: false, hits: [], at: -1, summary: 'No results' }));
    expect((await ana.lines()).at(-1)).toMatch(/^search: beer +No results/);
    expect(ana.calls).not.toContainEqual(['hit', 1]);
    ana.show(by({ text: 'wine', busy: false, at: -1 }));
    expect((await ana.lines()).at(-1)).toMatch(/^search: wine/);
    expect(ana.calls).toContainEqual(['hit', 1]);
    expect(await ana.press(ESC)).toEqual([['search', '']]);
    ana.show(SAMPLES.talking);
    expect((await ana.lines()).at(-1)).toBe('> Write a message');
  });
});

describe('rooms', () => {
  test('are opened by number, by next and previous, and by unread messages', async () => {
    const ana = stage();
    expect(await ana.press(`${ESC}2`, '\u000e', '\u0010', `${ESC}a`)).toEqual([
      ['open', 'room-2'],
      ['run', 'next', '', undefined],
      ['run', 'previous', '', undefined],
      ['run', 'unread-room', '', undefined],
    ]);
  });

  test('each keeps its scroll position and its draft', async () => {
    const kitchen = snapshot(longRoom(200));
    const { room } = kitchen;
    if (room === undefined) throw new Error('no room is open');
    const garden = {
      ...kitchen,
      room: { ...room, id: 'room-2', name: 'garden', composer: { ...room.composer, text: 'half a thought' } },
    };
    const ana = stage(kitchen);
    await ana.press(`${ESC}[5~`);
    const place = (await ana.lines())[1];
    ana.show(garden);
    expect((await ana.lines()).at(-1)).toBe('> half a thought');
    expect((await ana.lines()).at(-2)).not.toContain('MORE');
    ana.show(kitchen);
    expect((await ana.lines())[1]).toBe(place);
    expect(await ana.press(`${ESC}/`)).toEqual([['open', 'room-2']]);
  });

  test('without a room, letters run commands, and a pasted link opens its invite', async () => {
    const ana = stage(SAMPLES.empty);
    expect(await ana.press('c', 'j', `${ESC}[200~http://h/#/join/x\r${ESC}[201~`)).toEqual([
      ['run', 'create', '', undefined],
      ['run', 'join', '', undefined],
      ['openLink', 'http://h/#/join/x'],
    ]);
  });
});

describe('dialogs', () => {
  test('a form is filled in and submitted', async () => {
    const ana = stage(asking(DIALOGS.form));
    const values = { as: 'ana', token: 'wombat', notify: 'mentions', receipts: 'on' };
    expect(await ana.press('kitchen', '\t', '\t', '\t', DOWN, '\t', ' ', '\r')).toEqual([
      ['submit', { ...values, name: 'kitchen', notify: 'none', receipts: '' }],
    ]);
    expect(await ana.press(ESC)).toEqual([['close']]);
  });

  test('a dangerous action is not the default button', async () => {
    const ana = stage(asking({ ...DIALOGS.form, danger: true, fields: [], submit: 'Delete' }));
    expect(await ana.press('\r')).toEqual([['close']]);
    expect(await ana.press(`${ESC}[D`, '\r')).toEqual([['submit', {}]]);
  });

  test('a menu item is chosen by arrows or by its letter', async () => {
    const ana = stage(asking(DIALOGS.menu));
    expect(await ana.press(DOWN, DOWN, '\r', 'd')).toEqual(
      [
        ['pick', 'copy'],
        ['pick', 'delete'],
      ].map(([what, name]) => [what, name]),
    );
  });

  test('a palette is filtered, and an item is chosen', async () => {
    const ana = stage(asking(DIALOGS.palette));
    expect(await ana.press('t', DOWN, '\r')).toEqual([
      ['filter', 'kit'],
      ['pick', 'command:invite'],
    ]);
  });

  test('an emoji is chosen', async () => {
    const ana = stage(asking(DIALOGS.emoji));
    expect(await ana.press(DOWN, '\r')).toEqual([['pick', '🎉']]);
  });

  test('an invite is copied', async () => {
    const ana = stage(asking(DIALOGS.invite));
    expect(await ana.press('y')).toEqual([['pick', 'copy']]);
  });

  test('own invites can be revoked, others can’t', async () => {
    const ana = stage(asking(DIALOGS.invites));
    expect(await ana.press('\r', DOWN, '\r')).toEqual([['pick', 'i1']]);
  });

  test('help scrolls', async () => {
    const ana = stage(asking(DIALOGS.help));
    await ana.press(`${ESC}[F`);
    expect(await ana.text()).toContain('/command-39');
    await ana.press(`${ESC}[H`);
    expect(await ana.text()).toContain('/palette');
  });

  test('text typed into one dialog is not in the next', async () => {
    const ana = stage(asking(DIALOGS.form));
    await ana.press('kitchen');
    ana.show(asking({ ...DIALOGS.form, tick: 99, fields: [] }));
    expect(ana.screen.ui.dialog).toMatchObject({ values: {}, editor: { text: '' } });
    ana.show(snapshot(ROWS));
    expect(await ana.press('x')).toEqual([['type', 'x', 1]]);
  });
});

describe('the mouse', () => {
  const click = (row: number, column: number) => `${ESC}[<0;${column + 1};${row + 1}M`;

  test('opens rooms and members, and gives messages the focus', async () => {
    const ana = stage(SAMPLES.talking, { columns: 120, rows: 40 });
    expect(await ana.press(click(2, 5))).toEqual([['open', 'room-2']]);
    expect(await ana.press(click(3, 102))).toEqual([['member', 'dev-ben']]);
    const lines = await ana.lines();
    const wine = lines.findIndex((line) => line.includes('who brings the wine?'));
    await ana.press(click(wine, 60));
    expect(ana.screen.ui.focus).toBe('22.0');
    expect(await ana.press(click(wine - 1, 38))).toEqual([['member', 'dev-ben']]);
  });

  test('scrolls', async () => {
    const ana = stage(SAMPLES.long);
    await ana.press(`${ESC}[<64;40;10M`);
    expect((await ana.lines()).at(-2)).toContain('MORE');
    await ana.press(`${ESC}[<65;40;10M`);
    expect((await ana.lines()).at(-2)).not.toContain('MORE');
  });

  test('chooses a menu item, and closes the menu by a click outside', async () => {
    const ana = stage(asking(DIALOGS.menu));
    const row = (await ana.lines()).findIndex((line) => line.includes('Copy text'));
    expect(await ana.press(click(row, 20))).toEqual([['pick', 'copy']]);
    expect(await ana.press(click(0, 0))).toEqual([['close']]);
  });

  test('can be switched off to select text', async () => {
    const ana = stage();
    expect(await ana.press(`${ESC}m`)).toEqual([['set', 'mouse', '']]);
    await ana.press(`${ESC}l`);
    expect(ana.calls).toContainEqual(['mouse', false]);
    expect(await ana.text()).not.toContain('noise');
  });
});

test('an edit without text is sent, so that the view says what is wrong; an empty message is not', async () => {
  expect(await stage(SAMPLES.editing).press('\u0015', ' ', '\r')).toContainEqual(['send']);
  expect(await stage(SAMPLES.talking).press(' ', '\r')).not.toContainEqual(['send']);
});

describe('vim mode', () => {
  test('Esc enters normal mode, where letters move, cut and return', async () => {
    const ana = stage(SAMPLES.talking, { keys: 'vim' });
    await ana.press('one two', ESC, '0', 'x', 'w', 'D');
    expect(ana.screen.ui.editor.text).toBe('ne');
    await ana.press('u', 'A', '!');
    expect(ana.screen.ui.editor.text).toBe('ne two!');
    await ana.press(ESC, 'dd');
    expect(ana.screen.ui.editor.text).toBe('');
  });

  test('a colon begins a command in an empty field, and keeps normal mode where text is written', async () => {
    const ana = stage(SAMPLES.talking, { keys: 'vim' });
    await ana.press(ESC, ':');
    expect([ana.screen.ui.editor.text, ana.screen.ui.mode]).toEqual(['/', 'write']);
    await ana.press('x', ESC, ':');
    expect([ana.screen.ui.editor.text, ana.screen.ui.mode]).toEqual(['/x', 'normal']);
    expect(ana.calls).toContainEqual(['run', 'palette', '', undefined]);
  });

  test('k focuses the messages, gg and G the first and last, Esc returns', async () => {
    const ana = stage(SAMPLES.talking, { keys: 'vim' });
    await ana.press(ESC, 'k', 'k');
    expect(ana.screen.ui.focus).toBe('own.b');
    await ana.press('gg');
    expect(ana.screen.ui.focus).toBe('10.0');
    await ana.press('G');
    expect(ana.screen.ui.focus).toBe('own.c');
    await ana.press(ESC);
    expect(ana.screen.ui.mode).toBe('normal');
    await ana.press('/');
    expect(ana.screen.ui.mode).toBe('search');
  });
});

describe('leaving', () => {
  test('Ctrl+C clears the field, and quits when pressed twice', async () => {
    const ana = stage();
    await ana.press('half', '\u0003');
    expect(ana.screen.ui.editor.text).toBe('');
    expect(ana.quits).toBe(0);
    expect((await ana.lines()).at(-2)).toContain('Press Ctrl+C again to quit');
    await ana.press('\u0003');
    expect(ana.quits).toBe(1);
  });

  test.each([
    ['typed text', 'more'],
    ['a key', '\u001b[D'],
    ['a paste', '\u001b[200~pasted\u001b[201~'],
  ])('%s between two Ctrl+C does not quit', async (_what, between) => {
    const ana = stage();
    await ana.press('half', '\u0003', between);
    expect((await ana.lines()).at(-2)).not.toContain('Press Ctrl+C again to quit');
    await ana.press('\u0003');
    expect(ana.quits).toBe(0);
    await ana.press('\u0003');
    expect(ana.quits).toBe(1);
  });

  test('Enter sends attached files without a text', async () => {
    const ana = stage();
    expect(await ana.press('\r')).toEqual([]);
    ana.show(put(ana.snapshot, '', { tray: FILE_SAMPLES.tray.room?.composer.tray }));
    expect(await ana.press('\r')).toEqual([['send']]);
  });

  test('Ctrl+D quits when the field is empty', async () => {
    const ana = stage();
    await ana.press('a', '\u0001', '\u0004');
    expect(ana.quits).toBe(0);
    await ana.press('\u0004');
    expect(ana.quits).toBe(1);
  });
});

test('a small window shows that files are attached', async () => {
  const ana = stage(FILE_SAMPLES.tray, { columns: 24, rows: 7 });
  expect((await ana.lines()).at(-2)).toContain('4 files');
});

test('a new size is drawn immediately', async () => {
  const ana = stage();
  ana.size = { columns: 50, rows: 20 };
  ana.screen.repaint();
  expect(ana.written.at(-1)).toContain(`${ESC}[20;1H`);
  expect(ana.written.at(-1)).not.toContain(`${ESC}[21;1H`);
});

test('keys in one read are painted once, and messages at most once per frame', async () => {
  const ana = stage(snapshot(longRoom(1000)));
  const before = ana.written.length;
  await ana.press('hello');
  expect(ana.written.length - before).toBe(1);
  const rows = [...longRoom(1000)];
  for (let i = 0; i < 50; i++) {
    rows.push(message(`burst.${i}`, ANA, `burst ${i}`));
    ana.emit(snapshot([...rows]));
  }
  expect(ana.written.length - before).toBe(1);
  await expect.poll(() => ana.written.length - before).toBe(2);
  expect(await ana.text()).toContain('burst 49');
});
