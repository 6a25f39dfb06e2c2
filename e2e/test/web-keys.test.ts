import { expect } from 'vitest';
import { describeInBrowser, test } from '../src/browser/browser-test.ts';
import type { Visitor } from '../src/browser/gallery-page.ts';
import { ANA, BEN, DIALOGS, EMPTY_COMPOSER, message, ROWS, SAMPLES } from '../src/screens/samples.ts';

describeInBrowser('the page by keyboard', () => {
  /** Presses keys one after another. @returns the actions that the view was asked for */
  async function does(visitor: Visitor, ...keys: readonly string[]): Promise<unknown[][]> {
    const before = (await visitor.calls()).length;
    for (const key of keys) await visitor.page.keyboard.press(key);
    return (await visitor.calls()).slice(before);
  }

  const focused = (visitor: Visitor) =>
    visitor.page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      return element?.dataset.key ?? element?.id;
    });

  test('commands work from anywhere', async ({ visits }) => {
    const visitor = await visits('talking');
    expect(await does(visitor, 'Control+k')).toEqual([['run', 'palette', '', undefined]]);
    expect(await does(visitor, 'Control+/')).toEqual([['run', 'help', '', undefined]]);
    expect(await does(visitor, 'Alt+ArrowDown')).toEqual([['run', 'next', '', undefined]]);
    expect(await does(visitor, 'Alt+Shift+ArrowDown')).toEqual([['run', 'unread-room', '', undefined]]);
    expect(await does(visitor, 'Alt+2')).toEqual([['open', 'room-2']]);
    expect(await does(visitor, 'Shift+PageUp')).toEqual([['run', 'unread', '', undefined]]);
    expect(await does(visitor, 'Control+End')).toEqual([['run', 'newest', '', undefined]]);
    expect(await does(visitor, 'Control+ArrowUp')).toEqual([['run', 'reply', '', 'own.b']]);
  });

  test('the message field takes text, formatting and Enter', async ({ visits }) => {
    const visitor = await visits('talking');
    expect(await focused(visitor)).toBe('composer');
    expect(await does(visitor, 'h', 'i')).toEqual([
      ['type', 'h', 1],
      ['type', 'hi', 2],
    ]);
    expect(await does(visitor, 'Shift+Enter')).toEqual([['type', 'hi\n', 3]]);
    expect(await does(visitor, 'Enter')).toEqual([['send']]);
    expect(await does(visitor, 'Control+b')).toEqual([['type', 'hi\n****', 5]]);
    expect(await does(visitor, 'Control+Home')).toEqual([]);
    expect(await does(visitor, 'Escape')).toContainEqual(['cancel']);
  });

  test('keys that edit or type text in the message field on a Mac give no command', async ({ visits }) => {
    const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)';
    const visitor = await visits('talking', { viewport: { width: 1440, height: 900 }, userAgent });
    const { page } = visitor;
    await page.keyboard.type('hi');
    const press = (key: string, code: string, held: 'altKey' | 'ctrlKey' | 'metaKey') =>
      page.evaluate(
        (init) => {
          const event = new KeyboardEvent('keydown', { ...init, bubbles: true, cancelable: true });
          return document.activeElement?.dispatchEvent(event) === false;
        },
        { key, code, [held]: true },
      );
    const before = await visitor.calls();
    expect(await press('@', 'Digit2', 'altKey')).toBe(false);
    for (const key of ['e', 'b', 'k', 'f'])
      expect(await press(key, `Key${key.toUpperCase()}`, 'ctrlKey')).toBe(false);
    expect(await press('ArrowUp', 'ArrowUp', 'metaKey')).toBe(false);
    expect(await press('ArrowDown', 'ArrowDown', 'altKey')).toBe(false);
    expect(await visitor.calls()).toEqual(before);
    expect(await press('k', 'KeyK', 'metaKey')).toBe(true);
    expect((await visitor.calls()).slice(before.length)).toEqual([['run', 'palette', '', undefined]]);
  });

  test('the text of a room that opens again is shown before it can be sent', async ({ visits }) => {
    const visitor = await visits('talking');
    const composer = { ...EMPTY_COMPOSER, text: 'half a sentence', tick: 7 };
    await visitor.shows('talking', {}, { composer });
    await visitor.shows('talking', {}, { composer: { ...composer, mode: 'closed' } });
    await visitor.shows('talking', {}, { composer });
    expect(await visitor.page.locator('#composer').inputValue()).toBe('half a sentence');
  });

  test('Up in an empty field edits the last own message', async ({ visits }) => {
    expect(await does(await visits('talking'), 'ArrowUp')).toEqual([['editLast']]);
    expect(await does(await visits('replying'), 'ArrowUp')).toEqual([]);
  });

  test('with Enter set to start a new line, Ctrl+Enter sends', async ({ visits }) => {
    const visitor = await visits('talking');
    await visitor.shows('talking', { settings: { enter: 'newline' } });
    expect(await does(visitor, 'Enter')).toEqual([['type', '\n', 1]]);
    expect(await does(visitor, 'Control+Enter')).toEqual([['send']]);
  });

  test('open suggestions get the arrow keys, Tab, Enter and Esc', async ({ visits }) => {
    const visitor = await visits('completing');
    const field = visitor.page.getByRole('textbox', { name: 'Message' });
    expect(await field.getAttribute('aria-activedescendant')).toBe('suggestions-1');
    expect(await does(visitor, 'ArrowUp', 'ArrowDown', 'Tab', 'Enter', 'Escape')).toEqual([
      ['select', -1],
      ['select', 1],
      ['complete'],
      ['complete'],
      ['cancel'],
    ]);
  });

  test('Enter sends while no suggestion was chosen', async ({ visits }) => {
    const visitor = await visits('completing');
    const composer = SAMPLES.completing.room?.composer;
    const completion = composer?.completion;
    if (composer === undefined || completion === undefined) throw new Error('the sample suggests nothing');
    const unchosen = { ...composer, completion: { ...completion, selected: undefined } };
    await visitor.shows('completing', {}, { composer: unchosen });
    const field = visitor.page.getByRole('textbox', { name: 'Message' });
    await expect.poll(() => field.getAttribute('aria-activedescendant')).toBeNull();
    expect(await does(visitor, 'Enter')).toEqual([['send']]);
  });

  test('a long paste goes to the view, a short one into the field', async ({ visits }) => {
    const visitor = await visits('talking');
    const pastes = (text: string) =>
      visitor.page.evaluate((pasted) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', pasted);
        const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
        return document.activeElement?.dispatchEvent(event);
      }, text);
    expect(await pastes('one\ntwo')).toBe(true);
    expect(await pastes('one\ntwo\nthree\nfour')).toBe(false);
    expect(await visitor.calls()).toEqual([['paste', 'one\ntwo\nthree\nfour', 0]]);
  });

  test('text that the view inserts keeps the cursor before the text after it', async ({ visits }) => {
    const visitor = await visits('talking');
    await does(visitor, 'a', 'b', 'ArrowLeft');
    const composer = {
      mode: 'new',
      silenced: false,
      hint: '',
      text: 'a🎉b',
      tick: 5,
      undoable: true,
      reply: undefined,
      completion: undefined,
      note: '',
      space: '',
      turn: '',
      tooLong: false,
      tray: [],
    } as const;
    await visitor.shows('talking', {}, { composer });
    const cursor = () =>
      visitor.page.evaluate(() => (document.activeElement as HTMLTextAreaElement).selectionStart);
    expect(await cursor()).toBe('a🎉'.length);
  });

  test('who may write nothing is offered commands alone, and no file', async ({ visits }) => {
    const visitor = await visits('talking');
    const offered = async (silenced: boolean) => {
      await visitor.shows('talking', {}, { composer: { ...EMPTY_COMPOSER, silenced } });
      const button = (name: string) => visitor.page.getByRole('button', { name }).count();
      return [await button('Attach files'), await button('Record a voice message'), await button('Send')];
    };
    expect(await offered(false)).toEqual([1, 1, 0]);
    expect(await offered(true)).toEqual([0, 0, 1]);
  });

  test('one message is a tab stop; arrows, j and k go to the others', async ({ visits }) => {
    const visitor = await visits('talking');
    await does(visitor, 'Shift+Tab', 'Shift+Tab', 'Shift+Tab');
    expect(await visitor.page.evaluate(() => document.activeElement?.closest('article') !== null)).toBe(true);
    const tabbable = () =>
      visitor.page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('[data-key]')]
          .filter((row) => row.tabIndex === 0)
          .map((row) => row.dataset.key),
      );
    expect(await tabbable()).toEqual(['own.c']);
    await visitor.page.locator('[data-key="own.c"]').focus();
    await does(visitor, 'k');
    await expect.poll(() => focused(visitor)).toBe('own.b');
    await does(visitor, 'ArrowUp');
    await expect.poll(() => focused(visitor)).toBe('22.0');
    await does(visitor, 'j');
    await expect.poll(() => focused(visitor)).toBe('own.b');
    expect(await tabbable()).toEqual(['own.b']);
    await does(visitor, 'Tab');
    expect(await visitor.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'React',
    );
    await does(visitor, 'Escape');
    expect(await focused(visitor)).toBe('composer');
  });

  test('letters act on the focused message, unless a setting turns them off', async ({ visits }) => {
    const visitor = await visits('talking');
    await visitor.page.locator('[data-key="22.0"]').focus();
    expect(await does(visitor, 'r', 'e', '+', 'd', 'y', '>', 'Enter', '?')).toEqual([
      ['run', 'reply', '', '22.0'],
      ['run', 'edit', '', '22.0'],
      ['run', 'react', '', '22.0'],
      ['run', 'delete', '', '22.0'],
      ['run', 'copy', '', '22.0'],
      ['run', 'quoted', '', '22.0'],
      ['menu', '22.0'],
      ['run', 'help', '', '22.0'],
    ]);
    await visitor.shows('talking', { settings: { letters: 'off' } });
    await visitor.page.locator('[data-key="22.0"]').focus();
    expect(await does(visitor, 'r', 'd', '?', 'k')).toEqual([]);
    expect(await focused(visitor)).toBe('22.0');
  });

  test('letters typed after a message was pressed go into the message field', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const field = page.getByRole('textbox', { name: 'Message' });
    await page.locator('[data-key="own.b"]').click({ position: { x: 300, y: 6 } });
    await does(visitor, ...'dear jake');
    expect(await field.inputValue()).toBe('dear jake');
    await field.fill('');
    await page.locator('[data-key="own.b"]').click({ position: { x: 300, y: 6 } });
    await does(visitor, 'ArrowUp');
    await expect.poll(() => focused(visitor)).toBe('22.0');
    expect(await does(visitor, 'r')).toEqual([['run', 'reply', '', '22.0']]);
  });

  test('what cannot be undone is not the first answer', async ({ visits }) => {
    const visitor = await visits('talking');
    const { form } = DIALOGS;
    const dialog = { ...form, fields: [], danger: true, busy: false, error: '', errorField: '' };
    await visitor.shows('talking', { dialog });
    await visitor.page.getByRole('dialog').waitFor();
    expect(await visitor.page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
  });

  test('reactions, quotes and the toolbar work by pointer', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    await page.getByRole('button', { name: '🎉 2, ben and cleo' }).click();
    await page.getByRole('button', { name: /^ben shall we cook/ }).click();
    const row = page.locator('[data-key="own.b"]');
    await row.hover();
    for (const name of ['React', 'Reply', 'Edit']) await row.getByRole('button', { name }).click();
    await row.getByRole('button', { name: 'Message actions' }).click();
    await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
    expect(await visitor.calls()).toEqual([
      ['react', 'own.a', '🎉'],
      ['jump', '12'],
      ['run', 'react', '', 'own.b'],
      ['run', 'reply', '', 'own.b'],
      ['run', 'edit', '', 'own.b'],
      ['menu', 'own.b'],
      ['copy', expect.stringContaining('export function greet')],
    ]);
  });

  test('the focus stays in an open dialog and returns when it is closed', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    await page.locator('[data-key="22.0"]').focus();
    await visitor.shows('menu');
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName)).not.toBe(
        null,
      );
    }
    await visitor.shows('talking');
    await expect.poll(() => focused(visitor)).toBe('22.0');
  });

  test('arrow keys select in the palette and among emoji', async ({ visits }) => {
    const visitor = await visits('palette');
    const found = visitor.page.getByRole('combobox');
    expect(await found.getAttribute('aria-activedescendant')).toBe('found-0');
    expect(await does(visitor, 'ArrowDown', 'Enter', 'x')).toEqual([
      ['pick', 'command:invite'],
      ['filter', 'x'],
    ]);
    await visitor.shows('emoji');
    expect(await does(visitor, 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'Enter')).toEqual([['pick', '🎉']]);
  });

  test('search opens by key, goes through its matches and jumps to one', async ({ visits }) => {
    const visitor = await visits('talking');
    await does(visitor, 'Control+f');
    expect(await does(visitor, ...'wine', 'Enter')).toEqual([['search', 'wine']]);
    await visitor.shows('searching');
    expect(await does(visitor, 'Enter', 'Shift+Enter')).toEqual([
      ['hit', 1],
      ['hit', -1],
    ]);
    await visitor.page
      .getByRole('button', { name: /shall we cook tonight/ })
      .last()
      .click();
    expect((await visitor.calls()).at(-1)).toEqual(['jump', '12']);
  });

  test('F6 moves between parts of the page, Ctrl+. toggles the details', async ({ visits }) => {
    const visitor = await visits('talking');
    const part = () =>
      visitor.page.evaluate(() => document.activeElement?.closest('[data-landmark]')?.tagName);
    expect(await part()).toBe('MAIN');
    await does(visitor, 'F6');
    expect(await part()).toBe('ASIDE');
    await does(visitor, 'F6');
    expect(await part()).toBe('NAV');
    await does(visitor, 'Control+F6');
    expect(await part()).toBe('ASIDE');
    await does(visitor, 'Control+.');
    expect(await visitor.page.getByRole('complementary').count()).toBe(0);
  });

  test('typing while nothing has the focus goes into the message field', async ({ visits }) => {
    const visitor = await visits('talking');
    await visitor.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await does(visitor, 'y');
    expect(await visitor.page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('y');
  });

  test('screen readers read new messages of others, and nothing else', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const heard = () => page.locator('[aria-live="polite"]').innerText();
    const timeline = {
      rows: ROWS,
      more: false,
      loading: false,
      unreadKey: undefined,
      unread: 0,
      target: undefined,
    };
    const mine = message('n.1', ANA, 'mine');
    const theirs = message('n.2', BEN, 'theirs');
    await visitor.shows('talking', {}, { timeline: { ...timeline, rows: [...ROWS, mine] } });
    await visitor.shows('talking', {}, { timeline: { ...timeline, rows: [...ROWS, mine, theirs] } });
    await expect.poll(heard).toBe(theirs.spoken);
    await expect.poll(heard).toBe('');
  });
});
