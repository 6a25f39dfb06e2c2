import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAssets } from '@gochat/server/internal/net/assets';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserPerson } from '../src/browser/browser-person.ts';
import { findChromium, launchChromium } from '../src/browser/chromium.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { shows, TerminalChat, WebChat } from '../src/screens/chat-screen.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { findTmux, TmuxScreen } from '../src/terminal/tmux-screen.ts';
import { needed } from '../src/tool.ts';
import { WAIT_MS } from '../src/waits.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GOCHAT = join(ROOT, 'terminal/bin/gochat.js');

const tmux = needed(await findTmux(), 'the terminal beside the browser');
const chromium = needed(await findChromium(), 'the browser beside the terminal');

describe.skipIf(tmux === undefined || chromium === undefined)('one person on several screens', () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let server: TestServer;
  let address: string;
  let browser: Browser;
  /** Somebody else in the rooms. */
  let ben: Someone;
  let kitchen: string;
  const screens: TmuxScreen[] = [];
  const browsers: WebChat[] = [];

  beforeAll(async () => {
    buildGochat();
    home = await temporary();
    server = await startServer(join(home.path, 'server'), 0, {}, await loadAssets(join(ROOT, 'dist/web')));
    address = server.url.replace('tcp:', 'http:');
    browser = await launchChromium(chromium ?? '', 'together');
    ben = await Someone.open('ben', join(home.path, 'ben'));
  });

  afterAll(async () => {
    await Promise.all(screens.map((screen) => screen.close()));
    await browser?.close();
    await ben?.close();
    await server?.stop();
    await home?.remove();
  });

  async function openBrowser(name: string, link = address): Promise<WebChat> {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } });
    const chat = new WebChat(name, await BrowserPerson.open(context, link));
    browsers.push(chat);
    return chat;
  }

  async function openTerminal(name: string): Promise<TerminalChat> {
    const screen = await TmuxScreen.start(tmux ?? '', {
      command: [process.execPath, GOCHAT, '--profile', join(home.path, name)],
      cwd: home.path,
      cols: 110,
      rows: 50,
    });
    screens.push(screen);
    return new TerminalChat(name, screen, home.path);
  }

  /** The six digits of a new device. */
  async function digitsOn(screen: WebChat | TerminalChat): Promise<string> {
    await shows(screen, ['Type these digits', /\d{3}\s+\d{3}/]);
    const [, first = '', second = ''] = /(\d{3})\s+(\d{3})/.exec(await screen.text()) ?? [];
    return `${first}${second}`;
  }

  let phone: WebChat;
  let laptop: TerminalChat;
  let tablet: WebChat;

  test('a browser takes a terminal in, which begins on its start page', async () => {
    phone = await openBrowser('phone');
    const { page } = phone.person;
    await page.getByRole('button', { name: 'Create a room' }).click();
    await phone.fills(['kitchen', 'ana', address]);
    await page.locator('output.link').waitFor();
    kitchen = await ben.joins((await page.locator('output.link').textContent()) ?? '');
    await phone.closes('Anyone with this link');
    await ben.delivered(kitchen, [await ben.says(kitchen, 'hello ana')]);
    await shows(phone, ['hello ana']);

    await page.getByRole('button', { name: 'Your devices' }).click();
    await shows(phone, ['this device, 1 room']);
    await page.getByRole('button', { name: 'Link another device' }).click();
    await page.locator('output.link').waitFor();
    const link = (await page.locator('output.link').textContent()) ?? '';
    expect(link).toMatch(/\/#\/link\//);

    laptop = await openTerminal('laptop');
    await shows(laptop, ['You are not in any room yet', /d +use GoChat as on your other device/]);
    await laptop.screen.press('d');
    await shows(laptop, ['Link this device']);
    await laptop.screen.paste(link);
    await laptop.screen.press('Tab', 'C-e', 'C-u');
    await laptop.screen.type('Laptop');
    await laptop.screen.press('Enter');
    const digits = await digitsOn(laptop);

    await shows(phone, ['The link was opened']);
    const wrong = digits === '000000' ? '111111' : '000000';
    await phone.fills([wrong]);
    await shows(phone, ['you have 2 tries left']);
    await phone.fills([`${digits.slice(0, 3)} ${digits.slice(3)}`]);
    await shows(phone, ['Laptop is linked']);
    await shows(laptop, ['This device has your 1 room now', 'kitchen', 'Write a message']);
    await page.getByRole('button', { name: 'Done' }).click();

    await laptop.says('from the laptop');
    for (const screen of [phone, laptop]) await shows(screen, ['from the laptop']);
    await ben.until(
      async () =>
        (await ben.messages(kitchen)).some(({ from, text }) => from === 'ana' && text === 'from the laptop'),
      'ben reads what ana wrote on her laptop',
    );
    expect(await ben.profile.call('members', { room: kitchen })).toHaveLength(2);
  });

  test('the terminal takes a second browser in, which opens the link as its address', async () => {
    await laptop.says('/link');
    await shows(laptop, [/#\/link\//, 'can be used once']);
    const drawn = (await laptop.text()).replaceAll(/[\s│]/g, '');
    const link = /http:\/\/127\.0\.0\.1:\d+\/#\/link\/[\w-]{22}\.[\w-]{22}\.[\w-]{22}/.exec(drawn)?.[0] ?? '';
    tablet = await openBrowser('tablet', link);
    await shows(tablet, ['Link this device']);
    expect(await tablet.person.page.locator('dialog input').first().inputValue()).toBe('Chrome on Linux');
    expect(tablet.person.page.url()).not.toContain('link');
    await tablet.confirms();
    const digits = await digitsOn(tablet);
    await shows(laptop, ['The link was opened']);
    await laptop.screen.type(digits);
    await laptop.screen.press('Enter');
    await shows(laptop, ['Chrome on Linux is linked']);
    await laptop.chooses('Done');
    await shows(tablet, ['This device has your 1 room now']);
    await tablet.says('from the tablet');
    for (const screen of [phone, laptop]) await shows(screen, ['from the tablet']);
  });

  test('a room that is joined on one device appears on the others', async () => {
    const { link } = await ben.hosts(server.url, 'garden');
    await laptop.says(`/join ${link}`);
    await shows(laptop, ['ben invites you to garden.']);
    await laptop.screen.press('Enter');
    await shows(laptop, ['You joined garden']);
    const garden = (await ben.profile.call('rooms', {})).find(({ name }) => name === 'garden')?.id ?? '';
    // Otherwise he gives her the secret of the own invite some minutes later.
    await ben.profile.call('reportCompromise', { room: garden, waitMs: WAIT_MS });
    for (const screen of [phone, tablet]) await shows(screen, ['garden']);
  });

  test('a profile with rooms says that it can’t be linked, and what to do', async () => {
    const other = await openBrowser('other');
    await other.person.page.getByRole('button', { name: 'Create a room' }).click();
    await other.fills(['attic', 'cleo', address]);
    await other.person.page.locator('output.link').waitFor();
    await other.closes('Anyone with this link');
    await phone.says('/link');
    await phone.person.page.locator('output.link').waitFor();
    const link = (await phone.person.page.locator('output.link').textContent()) ?? '';
    await other.person.page.goto('about:blank');
    await other.person.page.goto(link);
    await shows(other, ['This profile is in use', 'It has 1 room', 'gochat link LINK --profile FOLDER']);
    await phone.closes('can be used once');
  });

  test('a device that was lost is removed from all rooms, and says so', async () => {
    await laptop.says('/devices');
    await shows(laptop, ['Your devices', 'Laptop', 'Chrome on Linux']);
    await shows(laptop, [/this device, 2 rooms/]);
    const { page } = phone.person;
    await phone.says('/devices');
    await shows(phone, ['Laptop']);
    await phone.chooses('Laptop');
    await phone.chooses('Lost or sold: remove it');
    await shows(phone, ['Remove Laptop?']);
    await page.getByRole('button', { name: 'Remove device' }).click();
    await shows(phone, ['Laptop is out of all your rooms']);
    await shows(laptop, ['This device was removed'], ['Start with an empty profile']);
    await laptop.chooses('Quit');
    expect(await laptop.screen.ended()).toBe(0);
    laptop = await openTerminal('laptop');
    await shows(laptop, ['You are not in any room yet', 'Another device of yours removed this one']);
    await ben.until(
      async () => (await ben.profile.call('members', { room: kitchen }))[0]?.devices.length === 2,
      'ben sees two devices of ana',
    );
  });

  test('nothing failed on the pages, nothing went elsewhere, and no request carried the secret of a link', () => {
    for (const { person } of browsers) {
      expect(person.problems).toEqual([]);
      expect(person.foreign).toEqual([]);
      expect(person.carrying('#/link')).toEqual([]);
    }
  });
});
