import { DIALOG_KINDS } from '@gochat/view/dialog';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { describeInBrowser, test } from '../src/browser/browser-test.ts';
import { DIALOGS, ROWS, SAMPLES } from '../src/screens/samples.ts';

const WIDE = { viewport: { width: 1440, height: 3000 } };
const NARROW = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describeInBrowser('the drawn page', () => {
  // All rows of a sample are on the screen at once. Outside of a suite this would also change the files after this one in the process.
  test.override('look', WIDE);

  /** The visible lines of a part of the page. */
  async function lines(part: Locator): Promise<string[]> {
    return (await part.innerText())
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }

  test('it draws every kind of row', async ({ visits }) => {
    const { page, person } = await visits('talking');
    const row = (text: string) => page.locator('[data-key]', { hasText: text }).last();
    expect(await lines(page.locator('.timeline'))).toEqual(
      expect.arrayContaining([
        'Your history of this room starts here. You can’t read messages sent before you joined.',
        'Yesterday',
        'ben and cleo joined by invite 09:12',
        'shall we cook tonight?',
        'cleo deleted this message',
        '3 messages from dora (ignored)',
        'Today',
        'New messages',
        'a message that is not on this device',
      ]),
    );
    expect(await lines(row('yes! at seven'))).toEqual([
      'A',
      'ana',
      '09:15',
      'ben',
      'shall we cook tonight?',
      'yes! at seven',
      'read by ben and cleo',
      '🎉 2',
      '👍🏽 1',
    ]);
    expect(await row('waves').innerText()).toMatch(/cleo the third of that name\s+waves/);
    expect(await lines(row('could not be read'))).toEqual([
      '14:06 A message of ben could not be read: it was sealed for keys that this device no longer has. Ask ben to send it again.',
    ]);
    const link = page.getByRole('link', { name: 'the recipes' });
    expect(await link.getAttribute('href')).toBe('https://example.org/recipes?page=2');
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    await expect.poll(() => page.locator('pre .scope-keyword').allInnerTexts()).toContain('export');
    expect(person.problems).toEqual([]);
  });

  test('what was written is drawn as its writer expects', async ({ visits }) => {
    const { page, person } = await visits('written');
    const row = (key: string) => page.locator(`[data-key="${key}"]`);
    expect(await row('4.0').locator('pre').textContent()).toBe('all:\n\tcc -o x x.c\nab\tc');
    expect(await row('6.0').locator('ol.round').getAttribute('start')).toBe('7');
    expect(await row('7.0').locator('s').allInnerTexts()).toEqual(['gone']);
    expect(await row('8.0').locator('th').allInnerTexts()).toEqual(['name', 'cost', 'note']);
    expect(await row('8.0').locator('tbody tr').first().locator('td').allInnerTexts()).toEqual([
      'bread',
      '2',
      'a|b',
    ]);
    expect(await row('10.0').locator('.mention').allInnerTexts()).toEqual(['@*star*', '@李明']);
    const size = (key: string) =>
      row(key)
        .locator('.body p')
        .evaluate((body) => Number.parseFloat(getComputedStyle(body).fontSize));
    expect(await size('3.0')).toBeGreaterThan(2 * (await size('7.0')));
    const fonts = await page.evaluate(() => getComputedStyle(document.documentElement).fontFamily);
    expect(fonts).toMatch(/^"Colour Emoji"/);
    expect(person.problems).toEqual([]);
  });

  test('a link shows the host that it opens, unless it can’t be mistaken', async ({ visits }) => {
    const { page } = await visits('written');
    const links = page.locator('[data-key="1.0"] a');
    expect(await links.allInnerTexts()).toEqual([
      'https://müller.example/über',
      'https://例え.example/道',
      'https://xn--80ak6aa92e.example/',
    ]);
    expect(await links.first().getAttribute('href')).toBe('https://xn--mller-kva.example/%C3%BCber');
  });

  test('each row has one sentence as its accessible name', async ({ visits }) => {
    const { page } = await visits('talking');
    const spoken = ROWS.filter(({ kind }) => kind !== 'day' && kind !== 'unread');
    const articles = page.getByRole('article');
    expect(await articles.count()).toBe(spoken.length);
    for (const [i, row] of spoken.entries())
      expect(await articles.nth(i).getAttribute('aria-label')).toBe(row.spoken);
  });

  test('it lists rooms with unread counts, and members with their roles', async ({ visits }) => {
    const { page } = await visits('talking');
    expect(await lines(page.getByRole('navigation'))).toEqual(
      expect.arrayContaining([
        'kitchen',
        'ana: red or white?',
        '@12',
        '140',
        'You were removed from this room.',
      ]),
    );
    expect(await lines(page.getByRole('complementary'))).toEqual(
      expect.arrayContaining(['ana', 'you, admin', 'ben', 'cleo the third of that name', 'dora']),
    );
    expect(await page.getByRole('banner').count()).toBe(0);
    expect(await page.title()).toBe('(2) GoChat');
  });

  test('without a room it shows what GoChat is, and how to start', async ({ visits }) => {
    const visitor = await visits('empty');
    const { page } = visitor;
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(
      'Chat that only its members can read',
    );
    await page.getByRole('button', { name: 'Create a room' }).click();
    await page.getByRole('button', { name: 'Join with a link' }).click();
    expect(await visitor.calls()).toEqual([
      ['run', 'create'],
      ['run', 'join'],
    ]);
  });

  test('the reason for being offline and the result of an action are status messages', async ({ visits }) => {
    const offline = await visits('offline');
    const { connection } = SAMPLES.offline;
    expect(await offline.page.getByRole('status').allInnerTexts()).toContain(connection.text);
    const flash = await visits('flash');
    const text = SAMPLES.flash.flash?.text;
    expect(await flash.page.getByRole('status').allInnerTexts()).toContain(text);
    await flash.shows('form', { flash: SAMPLES.flash.flash });
    expect(await flash.page.getByRole('dialog').getByRole('status').allInnerTexts()).toContain(text);
  });

  test('a closed room shows the reason instead of the message field', async ({ visits }) => {
    const { page } = await visits('closed');
    expect(await page.getByRole('textbox').count()).toBe(0);
    expect(await lines(page.locator('.composer'))).toEqual(['You were removed from this room.']);
  });

  test('a form submits the values of its fields', async ({ visits }) => {
    const visitor = await visits('form');
    const { page } = visitor;
    const dialog = page.getByRole('dialog', { name: 'Create a room' });
    expect(await dialog.getByLabel('Room name').evaluate((field) => field === document.activeElement)).toBe(
      true,
    );
    expect(await dialog.getByRole('alert').innerText()).toBe('Enter a name.');
    await dialog.getByLabel('Room name').fill('tea');
    await dialog.getByLabel('Notify me about').selectOption('nothing');
    await dialog.getByLabel('Send read receipts').uncheck();
    await page.keyboard.press('Enter');
    expect(await visitor.calls()).toEqual([
      ['submit', { name: 'tea', as: 'ana', token: 'wombat', notify: 'none', receipts: '' }],
    ]);
  });

  test('a secret is hidden until its button is pressed, and again after that', async ({ visits }) => {
    const { page } = await visits('form');
    const secret = page.getByLabel('Token of the server');
    const reveal = page.getByRole('button', { name: 'Show', exact: true });
    const isHidden = () => secret.evaluate((field) => (field as HTMLInputElement).type === 'password');
    await secret.fill('two wombats');
    expect(await isHidden()).toBe(true);
    await reveal.click();
    expect(await isHidden()).toBe(false);
    expect(await reveal.getAttribute('aria-pressed')).toBe('true');
    await reveal.click();
    expect(await isHidden()).toBe(true);
    expect(await secret.inputValue()).toBe('two wombats');
  });

  test('an invite shows its whole link, and a QR code that is dark on light in every theme', async ({
    visits,
  }) => {
    const { page } = await visits('invite', { ...WIDE, colorScheme: 'dark' });
    expect(await page.locator('output.link').innerText()).toBe(DIALOGS.invite.link);
    const box = page.getByRole('img', { name: 'QR code of the link' });
    const colours = await box.evaluate((svg) => [...svg.children].map((part) => getComputedStyle(part).fill));
    expect(colours).toEqual(['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
    const quiet = await box.evaluate((svg) => (svg as SVGSVGElement).viewBox.baseVal.width);
    expect(quiet).toBe(DIALOGS.invite.qr.length + 8);
  });

  test.for(DIALOG_KINDS)(
    'the dialog “%s” is named by its title and closed by Esc',
    async (kind, { visits }) => {
      const visitor = await visits(kind);
      const dialog = visitor.page.getByRole('dialog', { name: DIALOGS[kind].title });
      expect(await dialog.isVisible()).toBe(true);
      await visitor.page.keyboard.press('Escape');
      expect(await visitor.calls()).toEqual([['close']]);
      expect(visitor.person.problems).toEqual([]);
    },
  );

  test('text of members is never markup, stays in its box, and is folded when it is long', async ({
    visits,
  }) => {
    const visitor = await visits('hostile');
    const { page } = visitor;
    await page.waitForFunction(() => document.querySelectorAll('article').length === 8);
    expect(visitor.person.problems).toEqual([]);
    const timeline = page.locator('.timeline');
    const wide = await timeline.evaluate((box) => [box.scrollWidth, box.clientWidth]);
    expect(wide[0]).toBe(wide[1]);
    expect((await timeline.innerText()).length).toBeLessThan(40_000);
    await page.getByRole('button', { name: 'Show all' }).last().click();
    expect((await page.locator('article', { hasText: 'lines' }).innerText()).length).toBeGreaterThan(100_000);
    expect(await page.locator('script:not([src]), img, iframe').count()).toBe(0);
  });

  test('right-to-left text starts on the right, isolated from names', async ({ visits }) => {
    const { page } = await visits('rightToLeft');
    const first = page.locator('.body p').first();
    expect(await first.evaluate((p) => getComputedStyle(p).direction)).toBe('rtl');
    expect(
      await page
        .locator('.body p')
        .last()
        .evaluate((p) => getComputedStyle(p).unicodeBidi),
    ).toBe('isolate');
  });

  test('a narrow screen shows a room or the list of rooms, and going back returns to the list', async ({
    visits,
  }) => {
    const visitor = await visits('talking', NARROW);
    const { page } = visitor;
    // Playwright's goBack waits for a navigation, which the page may end by another.
    const goesBack = () => page.evaluate(() => history.back());
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Back to the rooms' }).click();
    await page.getByRole('navigation').waitFor();
    expect(await page.getByRole('main').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'kitchen' }).click();
    await page.getByRole('main').waitFor();
    // What is in front of the room is closed first.
    await visitor.shows('talking', { dialog: DIALOGS.form });
    await goesBack();
    await expect.poll(() => visitor.callsOf('close')).toEqual([['close']]);
    await visitor.shows('talking');
    await page.keyboard.press('Control+.');
    await page.getByRole('complementary').waitFor();
    await goesBack();
    await page.getByRole('complementary').waitFor({ state: 'hidden' });
    expect(await page.getByRole('main').isVisible()).toBe(true);
    await goesBack();
    await page.getByRole('navigation').waitFor();
  });

  test.for([
    [390, [true, false, false]],
    [820, [true, true, false]],
    [1440, [true, true, true]],
  ] as const)('at %i pixels as many columns as fit are side by side', async ([width, shown], { visits }) => {
    const { page } = await visits('talking', { viewport: { width, height: 900 } });
    const parts = ['main', 'navigation', 'complementary'] as const;
    expect(await Promise.all(parts.map((part) => page.getByRole(part).isVisible()))).toEqual(shown);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

  test('touch targets are at least 24 pixels', async ({ visits }) => {
    const { page } = await visits('talking', NARROW);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button')]
        .filter((button) => button.offsetParent !== null && !button.hasAttribute('aria-hidden'))
        .map((button) => ({ name: button.textContent, box: button.getBoundingClientRect() }))
        .filter(({ box }) => box.height < 24 || box.width < 24)
        .map(({ name, box }) => `${name} ${box.width}x${box.height}`),
    );
    expect(small).toEqual([]);
  });
});
