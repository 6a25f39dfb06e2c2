import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { loadAssets } from '@gochat/server/internal/net/assets';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { type RunningServer, serve } from '@gochat/server/internal/serve';
import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BrowserPerson } from '../src/browser/browser-person.ts';
import { findChromium, launchChromium } from '../src/browser/chromium.ts';
import { Someone, temporary } from '../src/people/people.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'the published page');
const WEB = fileURLToPath(new URL('../../dist/web', import.meta.url));

describe.skipIf(chromium === undefined)('the published page', () => {
  let browser: Browser;

  beforeAll(async () => {
    buildGochat();
    browser = await launchChromium(chromium ?? '', 'together');
  });
  afterAll(() => browser.close());

  async function serves(): Promise<RunningServer> {
    const running = await serve({
      engine: openMemory(),
      host: '127.0.0.1',
      port: 0,
      names: [{ host: '127.0.0.1' }],
      assets: await loadAssets(WEB),
      logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
        .logger,
    });
    onTestFinished(() => running.close());
    return running;
  }

  async function visits(port: number): Promise<BrowserPerson> {
    const person = await BrowserPerson.open(await browser.newContext(), `http://127.0.0.1:${port}/`);
    onTestFinished(() => person.close());
    await person.page.waitForFunction(async () => (await navigator.serviceWorker.ready).active !== null);
    return person;
  }

  test('violates no policy and contacts no other host', async () => {
    const { port } = await serves();
    const person = await visits(port);
    expect(person.problems).toEqual([]);
    expect(await person.page.evaluate(() => document.body.textContent.length)).toBeGreaterThan(0);
  });

  test('opens without its server, and caches its own files only', async () => {
    const running = await serves();
    const person = await visits(running.port);
    await person.page.waitForFunction(async () => (await caches.keys()).length > 0);
    const kept = () =>
      person.page.evaluate(async () => {
        const [name = ''] = await caches.keys();
        return (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname).sort();
      });
    const paths = [...(await loadAssets(WEB)).keys()].filter((path) => path !== '/service-worker.js');
    await expect.poll(kept).toEqual(paths.sort());
    await running.close();
    await person.page.reload();
    expect(await person.page.title()).toBe('GoChat');
    expect(await person.page.evaluate(() => document.body.textContent.length)).toBeGreaterThan(0);
    expect(await kept()).toEqual(paths);

    // A link in which # became %23 is opened without a request, so its secret stays in the browser.
    const values = `${'A'.repeat(22)}.${'B'.repeat(21)}A.${'C'.repeat(21)}A`;
    await person.page.goto(`http://127.0.0.1:${running.port}/%23/join/${values}`);
    await expect
      .poll(() => person.page.locator('input[name=link]').inputValue())
      .toContain(`#/join/${values}`);
    expect(new URL(person.page.url()).pathname).toBe('/');
  });

  test('reports a part of the page that can’t be loaded, and loads it at the next try', async () => {
    const { port } = await serves();
    const context = await browser.newContext({ serviceWorkers: 'block' });
    const refuse = (route: Route) => route.abort('connectionfailed');
    const rooms = '**/assets/room-requests-*.js';
    // The page is drawn with what its first load has.
    const first = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    const others = ({ pathname }: URL) => /\/assets\/.*\.js$/.test(pathname) && !first.includes(pathname);
    await context.route(rooms, refuse);
    await context.route(others, refuse);
    const { page, ...person } = await BrowserPerson.open(context, `http://127.0.0.1:${port}/`);
    onTestFinished(() => context.close());
    const create = page.getByRole('button', { name: 'Create a room' });
    const failure = page.getByText('A part of GoChat could not be loaded');

    await create.click();
    await failure.waitFor();
    expect(await page.locator('dialog').count()).toBe(0);
    await context.unroute(others);
    await create.click();
    const name = page.locator('dialog input[name=name]');
    await name.waitFor();
    expect(await name.evaluate((field) => field === document.activeElement)).toBe(true);

    // What was filled in stays until the room is made.
    await name.fill('kitchen');
    await page.locator('input[name=as]').fill('Ana');
    await page.keyboard.press('Enter');
    await page.locator('dialog').filter({ has: failure }).waitFor();
    expect(await name.inputValue()).toBe('kitchen');
    await context.unroute(rooms);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'kitchen' }).waitFor();
    expect(person.pageErrors).toEqual([]);
  });

  test('keeps an invite whose dialog can’t be loaded for the next load', async () => {
    const { port } = await serves();
    const home = await temporary();
    onTestFinished(() => home.remove());
    const ben = await Someone.open('ben', join(home.path, 'ben'));
    onTestFinished(() => ben.close());
    const { link } = await ben.hosts(`tcp://127.0.0.1:${port}`, 'kitchen');
    const context = await browser.newContext({ serviceWorkers: 'block' });
    await context.route('**/assets/panels-*.js', (route) => route.abort('connectionfailed'));
    const { page } = await BrowserPerson.open(context, link);
    onTestFinished(() => context.close());
    await page.getByText('A part of GoChat could not be loaded').waitFor();
    await context.unroute('**/assets/panels-*.js');
    await page.reload();
    await page.locator('dialog', { hasText: 'kitchen' }).waitFor();
  });

  test('takes changed invite links from the address bar and from its field', async () => {
    const { port } = await serves();
    const home = await temporary();
    onTestFinished(() => home.remove());
    const ben = await Someone.open('ben', join(home.path, 'ben'));
    onTestFinished(() => ben.close());
    const { link } = await ben.hosts(`tcp://127.0.0.1:${port}`, 'kitchen');
    const [address = '', values = ''] = link.split('#/join/');
    const [, secret = ''] = values.split('.');
    const person = await BrowserPerson.open(await browser.newContext(), address);
    onTestFinished(() => person.close());
    const shows = async (text: string) => person.page.locator('dialog', { hasText: text }).waitFor();

    await person.page.goto(`${address}#%2Fjoin%2F${values}?fbclid=abc`);
    await shows('kitchen');
    expect(person.page.url()).toBe(address);
    await person.page.keyboard.press('Escape');
    await person.page.getByRole('button', { name: 'Join' }).first().click();
    for (const pasted of [`«${link.replace('http://', '')}»`, link.replace('#', '%23')]) {
      await person.page.locator('input[name=link]').fill(pasted);
      await person.page.keyboard.press('Enter');
      await shows('kitchen');
      await person.page.keyboard.press('Escape');
      await person.page.getByRole('button', { name: 'Join' }).first().click();
    }
    expect(person.carrying(secret)).toEqual([]);

    // A browser that doesn't know the page yet has sent the secret. The answer doesn't hold it, and the page says so.
    const stranger = await BrowserPerson.open(await browser.newContext(), `${address}%23/join/${values}`);
    onTestFinished(() => stranger.close());
    await stranger.page.locator('dialog', { hasText: 'sent its secret' }).waitFor();
    const answer = await fetch(`${address}%23/join/${values}`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/#/join/%23']);
  });
});
