import { join } from 'node:path';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { loadAssets } from '@gochat/server/internal/net/assets';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findChromium, launchChromium } from '../src/browser/chromium.ts';
import { buildBarePage, Tab } from '../src/browser/tab.ts';
import { Someone, temporary } from '../src/people/people.ts';
import { needed } from '../src/tool.ts';
import { WAIT_MS } from '../src/waits.ts';

const chromium = needed(await findChromium(), 'tabs of a browser');

describe.skipIf(chromium === undefined)('the tabs of a browser', () => {
  let browser: Browser;
  let home: Awaited<ReturnType<typeof temporary>>;

  beforeAll(async () => {
    home = await temporary();
    await buildBarePage(join(home.path, 'page'));
    browser = await launchChromium(chromium ?? '');
  });
  afterAll(async () => {
    await browser.close();
    await home.remove();
  });

  async function server(): Promise<number> {
    const { path, remove } = await temporary();
    const running = await serve({
      engine: await openLmdb({ folder: path }),
      host: '127.0.0.1',
      port: 0,
      names: [{ host: '127.0.0.1' }, { host: 'localhost' }],
      assets: await loadAssets(join(home.path, 'page')),
      logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
        .logger,
    });
    onTestFinished(async () => {
      await running.close();
      await remove();
    });
    return running.port;
  }

  async function person(port: number): Promise<{ context: BrowserContext; tab(): Promise<Tab> }> {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    return { context, tab: () => Tab.open(context, `http://127.0.0.1:${port}/`) };
  }

  const hosts = async (tab: Tab, port: number) => {
    const address = `http://127.0.0.1:${port}`;
    const { id } = await tab.call('create', { name: 'kitchen', as: 'ana', server: address, waitMs: WAIT_MS });
    const { link } = await tab.call('invite', {
      room: id,
      expiresMs: undefined,
      uses: undefined,
      waitMs: WAIT_MS,
    });
    return { room: id, link };
  };

  test('a browser and a terminal exchange messages, and the profile survives closing the tab', async () => {
    const port = await server();
    const ana = await person(port);
    const tab = await ana.tab();
    const { room, link } = await hosts(tab, port);
    const ben = await Someone.open('ben', join(home.path, 'ben'));
    onTestFinished(() => ben.close());
    await ben.joins(link);
    await ben.delivered(room, [await ben.says(room, 'from a terminal')]);
    await tab.isTold('from a terminal');
    await tab.says(room, 'from a browser');
    await Promise.all([ben.hears(room, 'from a browser'), tab.isTold('from a browser')]);
    await tab.isUnloaded(room, 'in the last moment', 'half a sentence');
    const later = await ana.tab();
    expect((await later.call('notes', { room })).draft).toBe('half a sentence');
    await Promise.all([ben.hears(room, 'in the last moment'), later.isTold('in the last moment')]);
    expect(await later.read(room)).toEqual([
      'ben: from a terminal',
      'ana: from a browser',
      'ana: in the last moment',
    ]);
  });

  test('two tabs are one member; when the tab that owns the profile is closed, the other continues', async () => {
    const port = await server();
    const ana = await person(port);
    const [first, second] = [await ana.tab(), await ana.tab()];
    const { room } = await hosts(first, port);
    expect(await second.call('rooms', {})).toMatchObject([{ id: room, name: 'kitchen' }]);
    await second.call('follow', { room });
    await second.says(room, 'one');
    await Promise.all([first.isTold('one'), second.isTold('one')]);
    await first.page.close();
    await second.says(room, 'two');
    await second.isTold('two');
    const third = await ana.tab();
    expect(await third.read(room)).toEqual(['ana: one', 'ana: two']);
  });

  test('a tab that the browser has suspended is skipped, and rejoins when it resumes', async () => {
    const port = await server();
    const ana = await person(port);
    const [first, second] = [await ana.tab(), await ana.tab()];
    const { room } = await hosts(first, port);
    await second.call('follow', { room });
    const goOn = await first.stop();
    await second.says(room, 'while it sleeps');
    await second.isTold('while it sleeps');
    await goOn();
    await first.isTold('while it sleeps');
    await first.says(room, 'awake');
    await second.isTold('awake');
    expect(await first.read(room)).toEqual(['ana: while it sleeps', 'ana: awake']);
  });

  test('an invite of another server is refused, with the address to open it at', async () => {
    const port = await server();
    const elsewhere = await server();
    const ana = await person(port);
    const ben = await person(elsewhere);
    const { link } = await hosts(await ben.tab(), elsewhere);
    const joining = (await ana.tab()).call('join', { link, as: 'ana', waitMs: 2_000 });
    await expect(joining).rejects.toThrow('other-server');
  });
});
