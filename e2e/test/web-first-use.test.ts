import type { Composer } from '@gochat/view/snapshot';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { describeInBrowser, test } from '../src/browser/browser-test.ts';
import { Someone, temporary } from '../src/people/people.ts';
import { EMPTY_COMPOSER, SAMPLES } from '../src/screens/samples.ts';

const written = (page: Page) => page.locator('#composer').inputValue();

/** Reports a key of an input method to what has the focus. @returns whether the page prevented what the browser does with it */
function composes(page: Page, key: string): Promise<boolean> {
  return page.evaluate((pressed) => {
    const event = new KeyboardEvent('keydown', {
      key: pressed,
      keyCode: 229,
      bubbles: true,
      cancelable: true,
    });
    return document.activeElement?.dispatchEvent(event) === false;
  }, key);
}

/** The contrast of an element's text to its own background: both are opaque colours. */
function contrastOf(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((element) => {
    const luminance = (colour: string) => {
      const canvas = document.createElement('canvas').getContext('2d');
      if (canvas === null) throw new Error('no canvas');
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
        const part = byte / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const { color, backgroundColor } = getComputedStyle(element);
    const [dark = 0, light = 0] = [luminance(color), luminance(backgroundColor)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  });
}

describeInBrowser('first use: samples', () => {
  test('Ctrl+Z undoes completions, formatting and long pastes, but not what was sent', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const writes = (composer: Partial<Composer>) =>
      visitor.shows('talking', {}, { composer: { ...EMPTY_COMPOSER, undoable: true, ...composer } });
    await page.keyboard.type('hi @b');
    await writes({ text: 'hi @ben ', tick: 5 });
    expect(await written(page)).toBe('hi @ben ');
    await page.keyboard.press('Control+z');
    expect(await written(page)).toBe('hi @b');
    await page.keyboard.press('Control+Shift+z');
    expect(await written(page)).toBe('hi @ben ');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+b');
    expect(await written(page)).toBe('**hi @ben **');
    await page.keyboard.press('Control+z');
    expect(await written(page)).toBe('hi @ben ');
    for (const lines of [40, 2000]) {
      const pasted = `hi @ben ${'a line that was pasted\n'.repeat(lines)}`;
      const before = { ...EMPTY_COMPOSER, text: 'hi @ben ', tick: 5 };
      await visitor.shows('menu', {}, { composer: before });
      await writes({ text: pasted, tick: 5 + lines });
      expect(await written(page)).toBe(pasted);
      await page.keyboard.press('Control+z');
      expect(await written(page)).toBe('hi @ben ');
      await page.keyboard.press('Control+Shift+z');
      expect(await written(page)).toBe(pasted);
      await page.keyboard.press('Control+z');
      await writes(before);
    }
    await writes({ text: 'hi 👩‍👩‍👧 @ben ', tick: 3007 });
    await writes({ text: 'hi 👩‍👩‍👦 @ben ', tick: 3008 });
    expect(await written(page)).toBe('hi 👩‍👩‍👦 @ben ');
    await page.keyboard.press('Control+z');
    expect(await written(page)).toBe('hi 👩‍👩‍👧 @ben ');
    await writes({ text: '', tick: 3009, undoable: false });
    await page.keyboard.press('Control+z');
    expect(await written(page)).toBe('');
    // A time that grows with the square of the lines would be minutes.
    const huge = 'a line of text\n'.repeat(70_000);
    await writes({ text: huge, tick: 3010 });
    expect(await page.locator('#composer').evaluate((field: HTMLTextAreaElement) => field.value.length)).toBe(
      huge.length,
    );
    await writes({ text: 'שלום עולם', tick: 3011 });
    expect(await page.locator('#composer').evaluate((field) => getComputedStyle(field).unicodeBidi)).toBe(
      'plaintext',
    );
  });

  test('the Enter that confirms a candidate of an input method does nothing else', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    /** The actions that such keys cause in the place that has the focus. */
    const caused = async (...keys: readonly string[]) => {
      const before = (await visitor.calls()).length;
      for (const key of keys) await composes(page, key);
      return (await visitor.calls()).slice(before);
    };
    await page.keyboard.type('にほん');
    expect(await caused('Enter', 'Escape', 'ArrowUp')).toEqual([]);
    await visitor.shows('completing');
    expect(await caused('Enter', 'Tab', 'ArrowDown')).toEqual([]);
    await visitor.shows('palette');
    expect(await caused('Enter', 'ArrowDown')).toEqual([]);
    await visitor.shows('form');
    await page.locator('dialog input').first().focus();
    expect(await composes(page, 'Enter')).toBe(true);
    await visitor.shows('searching');
    await page.keyboard.press('Control+f');
    await page.locator('.search input').focus();
    expect(await caused('Enter', 'Escape')).toEqual([]);
    expect(await page.locator('.search').isVisible()).toBe(true);
  });

  test('a room that is not confirmed leads to its code, from its title and from its panel', async ({
    visits,
  }) => {
    const visitor = await visits('unconfirmed');
    for (const part of ['.chat header', '.details']) await visitor.page.locator(`${part} .lock`).click();
    expect(await visitor.calls()).toEqual(Array(2).fill(['run', 'code']));
  });

  test('a room with a device that nobody has linked leads to the devices', async ({ visits }) => {
    const visitor = await visits('stranger');
    for (const part of ['.chat header', '.details']) await visitor.page.locator(`${part} .lock`).click();
    expect(await visitor.calls()).toEqual(Array(2).fill(['run', 'devices']));
  });

  test('all that can be done with a room is in its panel, on a phone too', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const panel = page.locator('.details');
    const commands = SAMPLES.talking.room?.commands ?? [];
    const runs = async () => {
      const before = (await visitor.calls()).length;
      for (const { label } of commands) await panel.getByRole('button', { name: label, exact: true }).click();
      return (await visitor.calls()).slice(before);
    };
    expect(await runs()).toEqual(commands.map(({ name }) => ['run', name]));
    await page.setViewportSize({ width: 390, height: 844 });
    await panel.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Room details' }).click();
    expect(await runs()).toEqual(commands.map(({ name }) => ['run', name]));
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('a long name of a room is whole in the page, and only its end is not shown', async ({ visits }) => {
    const visitor = await visits('talking');
    const name = `${'long '.repeat(100)}name`;
    await visitor.shows('talking', {}, { name });
    const title = visitor.page.locator('.chat > header h2');
    expect([await title.getAttribute('title'), await title.textContent()]).toEqual([name, name]);
    expect(await title.evaluate((shown) => shown.scrollWidth > shown.clientWidth)).toBe(true);
  });

  test('files that are pasted or dropped go to the view; a message that is too long can’t be sent', async ({
    visits,
  }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const prevented = await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(8)], 'cat.png', { type: 'image/png' }));
      const options = { bubbles: true, cancelable: true };
      const pasted = new ClipboardEvent('paste', { ...options, clipboardData: data });
      const dropped = new DragEvent('drop', { ...options, dataTransfer: data });
      document.querySelector('#composer')?.dispatchEvent(pasted);
      document.querySelector('.timeline')?.dispatchEvent(dropped);
      return [pasted.defaultPrevented, dropped.defaultPrevented];
    });
    expect(prevented).toEqual([true, true]);
    const file = expect.objectContaining({ name: 'cat.png', bytes: 8 });
    expect(await visitor.calls()).toEqual(Array(2).fill(['attach', [file]]));
    await visitor.shows('nearlyFull');
    const send = page.locator('.composer').getByRole('button', { name: 'Send', exact: true });
    expect(await send.isEnabled()).toBe(true);
    await visitor.shows('tooLong');
    expect(await send.isEnabled()).toBe(false);
  });

  test('a line about what was done can be read in every theme, and moves no button', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    await visitor.shows('invite');
    const button = page.locator('dialog .accent');
    const before = await button.boundingBox();
    for (const theme of ['light', 'dark', 'contrast'])
      for (const tone of ['good', 'bad'] as const) {
        await visitor.shows('invite', {
          settings: { theme },
          flash: { tone, text: 'Link copied', tick: 1 },
        });
        await visitor.isDrawn();
        expect(await contrastOf(page, 'dialog .flash.shown')).toBeGreaterThan(4.5);
        expect(await button.boundingBox()).toEqual(before);
      }
  });

  test('a file that is dragged over the room and out of the window again leaves no hint', async ({
    visits,
  }) => {
    const { page } = await visits('talking');
    const drags = (type: string) =>
      page.evaluate((name) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['x'], 'x.txt', { type: 'text/plain' }));
        const event = new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer });
        document.querySelector('.timeline')?.dispatchEvent(event);
      }, type);
    await drags('dragover');
    await page.locator('.drop').waitFor();
    await drags('dragleave');
    await page.locator('.drop').waitFor({ state: 'detached' });
  });

  test('whoever creates a first room is warned that the browser may delete the profile', async ({
    visits,
  }) => {
    const { page } = await visits('page');
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    await page.locator('dialog', { hasText: 'exists only in this browser' }).waitFor();
    await page.evaluate(() => Object.assign(navigator.storage, { persisted: async () => true }));
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    await page.locator('dialog').waitFor();
    expect(await page.locator('dialog').innerText()).not.toContain('exists only');
  });

  test('a dialog returns the focus, and after another room was opened it goes to the message field', async ({
    visits,
  }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const focused = () =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
    const create = page.locator('.rooms footer button').first();
    await create.focus();
    await visitor.shows('form');
    await visitor.shows('talking');
    expect((await focused())?.trim()).toBe('Create a room');
    await visitor.shows('form');
    await visitor.shows('invite', {}, { id: 'room-9' });
    await visitor.shows('talking', {}, { id: 'room-9' });
    expect(await focused()).toBe('composer');
  });
});

describeInBrowser('first use: an invite', () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let ben: Someone;
  beforeAll(async () => {
    home = await temporary();
    ben = await Someone.open('ben', home.path);
  });
  afterAll(async () => {
    await ben?.close();
    await home?.remove();
  });

  /** A fresh link to a new room of ben. */
  async function linkTo(url: string, name: string): Promise<string> {
    const room = await ben.profile.call('create', { name, as: 'ben', server: url, waitMs: 20_000 });
    const terms = { expiresMs: undefined, uses: undefined, waitMs: 20_000 };
    return (await ben.profile.call('invite', { room: room.id, ...terms })).link;
  }

  test('is not lost while the browser refuses storage, nor by a reload before it is answered', async ({
    browser,
    gallery,
  }) => {
    const link = await linkTo(gallery.url, 'kitchen');
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await page.addInitScript(() => {
      if (sessionStorage.getItem('allowed') === null)
        indexedDB.open = () => {
          throw new DOMException('denied', 'SecurityError');
        };
    });
    await page.goto(link);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await page.evaluate(() => sessionStorage.setItem('allowed', 'yes'));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('ben invites you to kitchen.').waitFor();
    expect(page.url()).not.toContain('join');
    await page.reload();
    await page.getByText('ben invites you to kitchen.').waitFor();
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.locator('#composer').waitFor();
    await page.locator('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('composer');
    expect(await page.evaluate(() => history.state)).toBe(null);
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('composer');
    await context.close();
  });
});
