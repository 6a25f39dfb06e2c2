import { DIALOG_KINDS, type Dialog } from '@gochat/view/dialog';
import { ROW_KINDS, type Row } from '@gochat/view/row';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../src/browser/chromium.ts';
import { PageStage } from '../src/browser/page-stage.ts';
import { fileOf, type Someone } from '../src/people/people.ts';
import { pngOf } from '../src/pictures/made-pictures.ts';
import { shows, type WebChat } from '../src/screens/chat-screen.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'the page in use');
const THEMES = ['light', 'dark', 'contrast'] as const;

const HOSTILE_TEXTS = [
  '<img src=x onerror="document.title=\'owned\'">',
  '<script>document.title="owned"</script>',
  '[click](javascript:document.title="owned")',
  '\u202egnp.exe \u001b]52;c;ZXZpbA==\u0007',
  `${'a'.repeat(20_000)}`,
];

describe.skipIf(chromium === undefined)('the page in use', () => {
  let stage: PageStage;
  let ana: WebChat;
  let ben: Someone;
  let room = '';

  beforeAll(async () => {
    stage = await PageStage.open(chromium ?? '', 'together');
    ana = await stage.visits('ana', { viewport: { width: 1440, height: 1600 } });
  });

  afterAll(() => stage?.close());

  test('a room is created, shared and used by keyboard alone', async () => {
    const { page } = ana.person;
    const keys = page.keyboard;
    await page.getByRole('button', { name: 'Create a room' }).first().waitFor();
    await keys.press('Tab');
    await keys.press('Tab');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Create a room');
    await keys.press('Enter');
    await page.locator('dialog input').first().waitFor();
    await keys.type('kitchen');
    await keys.press('Tab');
    await keys.type('ana');
    await keys.press('Enter');
    await page.locator('output.link').waitFor();
    const link = (await page.locator('output.link').textContent()) ?? '';
    await keys.press('Escape');
    await page.locator('#composer').waitFor();
    await page.locator('dialog').waitFor({ state: 'detached' });
    await keys.press('F6');
    await keys.press('F6');
    await page.locator('#composer').focus();
    await keys.type('typed without a mouse');
    await keys.press('Enter');
    await shows(ana, ['typed without a mouse']);
    ben = await stage.someone('ben');
    room = await ben.joins(link);
    await ben.delivered(room, [await ben.says(room, 'answer me')]);
    const row = page.locator('article', { hasText: 'answer me' });
    await row.waitFor();
    // From the field back to the messages, one of which is a tab stop.
    await page.locator('.timeline [data-key][tabindex="0"]').first().focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-key'));
    for (let i = 0; i < 6 && !(await row.evaluate((it) => it === document.activeElement)); i++) {
      const before = await focused();
      await keys.press('ArrowDown');
      await expect.poll(focused).not.toBe(before);
    }
    expect(await row.evaluate((it) => it === document.activeElement)).toBe(true);
    await keys.press('r');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('composer');
    await keys.type('done');
    await keys.press('Enter');
    await ben.hears(room, 'done');
    await keys.press('Control+k');
    await page.locator('dialog').waitFor();
    await keys.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('composer');
  });

  test('the page shows every kind of row', async () => {
    const { page } = ana.person;
    await ana.says('to be deleted');
    await ben.hears(room, 'to be deleted');
    await ana.on('to be deleted', 'delete');
    await ana.confirms();
    await shows(ana, ['You deleted this message']);
    const [target] = (await ben.messages(room)).filter((item) => item.text === 'done');
    if (target === undefined) throw new Error('nothing to change');
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await ben.profile.call('queue', {
      room,
      id,
      content: { kind: 'edit', of: { seq: target.seq, id: target.id }, text: 'forged' },
    });
    await shows(ana, [/tried to edit a message of/]);
    await ana.looksAway();
    await ben.delivered(room, [await ben.says(room, 'while nobody looks')]);
    await shows(ana, ['New messages', 'while nobody looks']);
    expect(await ana.person.barriers()).toEqual([]);
    const seen = new Set(
      await page
        .locator('[data-kind]')
        .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-kind'))),
    );
    await ana.looksBack();
    await ana.says('/ignore ben');
    await shows(ana, ['(ignored)']);
    expect(await ana.person.barriers()).toEqual([]);
    seen.add('ignored');
    await ana.says('/unignore ben');
    await shows(ana, ['while nobody looks']);
    expect([...seen].sort()).toEqual([...ROW_KINDS].sort() satisfies Row['kind'][]);
  });

  const RED = Uint8Array.of(255, 0, 0, 255, 255, 0, 0, 255);

  /** Opens each kind of dialog. */
  const OPEN: Readonly<Record<Dialog['kind'], () => Promise<void>>> = {
    form: () => ana.says('/rename'),
    picture: async () => {
      if ((await ben.messages(room)).every(({ files }) => files === undefined)) {
        const { content } = await ben.profile.files.prepare(room, fileOf('red.png', pngOf(2, 1, RED)));
        const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
        await ben.profile.call('queue', { room, id, content: { kind: 'text', text: '', files: [content] } });
      }
      await shows(ana, ['red.png']);
      await ana.says('/show');
    },
    menu: () => ana.says('/members'),
    invite: async () => {
      await ana.says('/invite');
      await ana.confirms();
      await ana.person.page.locator('output.link').waitFor();
    },
    invites: async () => {
      await ana.says('/invites');
      await ana.person.page.locator('dialog .rows button').first().waitFor();
    },
    member: async () => {
      await ana.says('/verify ben');
      await ana.person.page.locator('.safety').waitFor();
    },
    palette: () => ana.person.page.keyboard.press('Control+k'),
    emoji: async () => {
      await ana.says('/emoji');
      await ana.person.page.locator('dialog [role=option]').first().waitFor();
    },
    help: () => ana.says('/help'),
    devices: async () => {
      await ana.says('/devices');
      await ana.person.page.locator('dialog .list button').first().waitFor();
    },
    device: async () => {
      await ana.says('/devices');
      await ana.person.page.locator('dialog .list button').first().click();
      await ana.person.page.locator('dialog.device').waitFor();
    },
    inspect: async () => {
      await ana.says('/inspect');
      await ana.person.page.locator('dialog dd').first().waitFor();
    },
  };

  test.each(THEMES)('page and dialogs meet WCAG 2.2 AA in the theme “%s”', async (theme) => {
    // The document is the same in every theme, except for its colours.
    const only = theme === THEMES[0] ? undefined : 'colours';
    const { page } = ana.person;
    await ana.says(`/theme ${theme}`);
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toContain(theme);
    await expect.poll(() => page.locator('.flash.shown').count()).toBe(0);
    const found: string[] = (await ana.person.barriers({ only })).map((line) => `page: ${line}`);
    for (const kind of DIALOG_KINDS) {
      await OPEN[kind]();
      await page.locator('dialog').waitFor();
      found.push(
        ...(await ana.person.barriers({ within: 'dialog', only })).map((line) => `${kind}: ${line}`),
      );
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
    }
    expect(found).toEqual([]);
  });

  test.each([
    [390, 844],
    [820, 1180],
  ])('at %i by %i pixels nothing overflows, and WCAG 2.2 AA is met', async (width, height) => {
    const { page } = ana.person;
    await page.setViewportSize({ width, height });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await expect.poll(() => page.locator('#composer').isVisible()).toBe(true);
    expect((await ana.person.barriers()).map((line) => `${width}: ${line}`)).toEqual([]);
    await page.setViewportSize({ width: 1440, height: 1600 });
  });

  test('hostile text is shown as text', async () => {
    const { page } = ana.person;
    for (const text of HOSTILE_TEXTS) await ben.says(room, text);
    await ben.delivered(room, [await ben.says(room, 'that was all')]);
    await shows(ana, ['that was all']);
    expect(
      await page.evaluate(
        () =>
          document.querySelectorAll(
            '.timeline img:not([src^="blob:"]), .timeline script, .timeline [onerror]',
          ).length,
      ),
    ).toBe(0);
    expect(
      await page
        .locator('.timeline a')
        .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol)),
    ).not.toContain('javascript:');
    expect(await page.title()).not.toContain('owned');
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  test('a reload keeps the profile; no other host was contacted and no policy was violated', async () => {
    const { page } = ana.person;
    await page.reload();
    await shows(ana, ['that was all']);
    expect(ana.person.problems).toEqual([]);
  });
});
