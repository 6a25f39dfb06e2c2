import { fileURLToPath } from 'node:url';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { loadAssets } from '@gochat/server/internal/net/assets';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { type RunningServer, serve } from '@gochat/server/internal/serve';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { BrowserPerson } from '../src/browser/browser-person.ts';
import { findChromium, launchChromium } from '../src/browser/chromium.ts';
import { buildGochat } from '../src/terminal/gochat-process.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'the published page');
const WEB = fileURLToPath(new URL('../../dist/web', import.meta.url));

describe.skipIf(chromium === undefined)('the published page', () => {
  let browser: Browser;

  beforeAll(async () => {
    buildGochat();
    browser = await launchChromium(chromium ?? '');
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
    expect(person.troubles).toEqual([]);
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
  });
});
