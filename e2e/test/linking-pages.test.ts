import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../src/browser/chromium.ts';
import { PageStage } from '../src/browser/page-stage.ts';
import { shows, type WebChat } from '../src/screens/chat-screen.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'pages that are closed while they are linked');

describe.skipIf(chromium === undefined)('two browsers of one person', () => {
  let stage: PageStage;
  beforeAll(async () => {
    stage = await PageStage.open(chromium ?? '', 'together');
  });
  afterAll(() => stage?.close());
  const reloads = (chat: WebChat) => chat.person.page.reload();
  const digitsOn = async (chat: WebChat) => {
    await shows(chat, ['Type these digits', /\d{3}\s+\d{3}/]);
    const [, first = '', second = ''] = /(\d{3})\s+(\d{3})/.exec(await chat.text()) ?? [];
    return `${first}${second}`;
  };

  test('are linked although each page is closed at each step', async () => {
    const from = await stage.visits('ana');
    const { page } = from.person;
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    await from.fills(['kitchen', 'Ana']);
    await page.locator('output.link').waitFor();
    await page.keyboard.press('Escape');
    await from.says('first words');
    await shows(from, ['first words']);
    await from.says('/link');
    const offered = page.locator('output.link');
    const link = (await offered.textContent()) ?? '';
    await reloads(from);
    expect(await offered.textContent()).toBe(link);

    const to = await stage.visits('new', {}, link.replace(/^[^#]*/, stage.address));
    await shows(to, ['Link this device']);
    await reloads(to);
    await shows(to, ['Link this device']);
    await to.confirms();
    const digits = await digitsOn(to);
    await reloads(to);
    expect(await digitsOn(to)).toBe(digits);
    await shows(from, ['The link was opened']);
    await reloads(from);
    await shows(from, ['The link was opened']);

    await from.fills([digits]);
    await shows(from, [/Sending your rooms|Chrome on Linux is linked/]);
    await Promise.all([reloads(from), reloads(to)]);
    await shows(to, ['kitchen', 'first words']);
    // It says so once more unless it was done before the reload.
    const done = page.getByRole('button', { name: 'Done' });
    await page.addLocatorHandler(done, () => done.click());
    await shows(from, ['first words', 'Ana joined with another device']);
    await page.getByRole('button', { name: 'Your devices' }).click();
    await shows(from, ['this device, 1 room', /Chrome on Linux[\s\S]*Chrome on Linux/]);
    expect([from.person.pageErrors, to.person.pageErrors]).toEqual([[], []]);
  });
});
