import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { findChromium, launchChromium } from '@gochat/e2e/chromium';
import { temporary } from '@gochat/e2e/people';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { loadAssets } from '@gochat/server/internal/net/assets';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import type { Browser } from 'playwright-core';
import { type Figure, figureOf, type Occasion } from './figures.ts';

const WEB = fileURLToPath(new URL('../../../dist/web', import.meta.url));
const PAINT_MS = 300;
const SCRIPT_BYTES = 125_000;
const VISITS = 5;

/** The cost of the first visit to the page. Without Chromium, only the size of its scripts is measured, and the result says so. */
export async function measurePage({ tell }: Pick<Occasion, 'tell'>): Promise<Figure[]> {
  const chromium = await findChromium();
  if ('missing' in chromium) {
    tell('chromium: absent');
    return [weigh(scriptsOfPage())];
  }
  const home = await temporary();
  const server = await serve({
    engine: await openLmdb({ folder: home.path }),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    assets: await loadAssets(WEB),
    logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
      .logger,
  });
  const browser = await launchChromium(chromium.path);
  try {
    // The first one starts what all contexts share, and isn't kept.
    await visit(browser, server.port);
    const visits: Visit[] = [];
    for (let i = 0; i < VISITS; i++) visits.push(await visit(browser, server.port));
    const followed = new Set([...scriptsOfPage(), ...visits.flatMap((one) => one.scripts)]);
    return [
      figureOf(
        'page, from navigation to first contentful paint',
        'ms',
        visits.map(({ paintedMs }) => paintedMs),
        { better: 'less', target: PAINT_MS },
      ),
      weigh(scriptsOfPage()),
      figureOf('page, all scripts of its first visit, gzipped', 'bytes', [sizeOf(followed)], {
        better: 'less',
      }),
    ];
  } finally {
    await browser.close();
    await server.close();
    await home.remove();
  }
}

interface Visit {
  readonly paintedMs: number;
  /** The paths of the scripts that the page has loaded by the end of the visit, in dist/web. */
  readonly scripts: readonly string[];
}

async function visit(browser: Browser, port: number): Promise<Visit> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: 'networkidle' });
    return await page.evaluate(async () => {
      const paintedMs = await new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          for (const entry of list.getEntriesByName('first-contentful-paint')) resolve(entry.startTime);
        }).observe({ type: 'paint', buffered: true });
      });
      const paths = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
      return {
        paintedMs,
        scripts: paths.filter((path) => path.endsWith('.js')).map((path) => path.slice(1)),
      };
    });
  } finally {
    await context.close();
  }
}

/** The scripts that a page without rooms waits for before it is drawn. */
function weigh(scripts: Iterable<string>): Figure {
  return figureOf('page, scripts of its first load, gzipped', 'bytes', [sizeOf(scripts)], {
    better: 'less',
    target: SCRIPT_BYTES,
  });
}

function sizeOf(scripts: Iterable<string>): number {
  return [...scripts].reduce((sum, path) => sum + gzipSync(read(path), { level: 9 }).length, 0);
}

function read(path: string): string {
  return readFileSync(join(WEB, path), 'utf8');
}

/** The scripts that the page names, and those that they import, statically. */
function scriptsOfPage(): Set<string> {
  const page = read('index.html');
  const found = new Set([...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, path = '']) => path));
  for (const path of found)
    for (const [, name = ''] of read(path).matchAll(/(?:from|import)\s*["'`](\.[^"'`]+\.js)["'`]/g))
      found.add(posix.join(posix.dirname(path), name));
  return found;
}
