import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, openBrowserProfile } from '@gochat/e2e/chromium';
import { taskTimeOf } from '@gochat/e2e/internal/browser/task-time';
import { ChildServer } from '@gochat/e2e/internal/servers/child-server';
import { temporary } from '@gochat/e2e/people';
import type { BrowserContext, Page } from 'playwright-core';
import { descendants } from '../child.ts';
import { cpuSecondsOf } from './cpu-seconds.ts';
import { median } from './figures.ts';
import { type PageRecord, recordOf, watchPages } from './page-watch.ts';
import { Poster } from './poster.ts';
import type { WaitRow } from './wait-row.ts';

const WEB = fileURLToPath(new URL('../../../dist/web', import.meta.url));
const WAIT_MS = 120_000;
const MISSED = 10_000;
const RUNS = 3;
/** How many times slower than this machine's the processor of a cheap phone is taken to be. */
const SLOWED = 4;
const FIRST_VISITS = 5;
/** What the page says of how much it has read. */
const PROGRESS = /^Catching up: /;
const VIEW = { viewport: { width: 1280, height: 800 } };

/** Measures what is waited for in Chromium. Without it there are no rows, and the result says so. @param tell takes a line */
export async function measureBrowser(tell: (line: string) => void): Promise<WaitRow[]> {
  const chromium = await findChromium();
  if ('missing' in chromium) {
    tell(`absent: rows of the browser: ${chromium.missing}`);
    return [];
  }
  const home = await temporary();
  const server = await ChildServer.start(join(home.path, 'server'), 0, [], WEB);
  const stage = { home: home.path, server, chromium: chromium.path, tell };
  try {
    return [await catchUp(stage), await firstMessage(stage)];
  } finally {
    await server.stop();
    await home.remove();
  }
}

interface Stage {
  readonly home: string;
  readonly server: ChildServer;
  readonly chromium: string;
  tell(line: string): void;
}

/** A page that was closed while messages were posted is opened again. */
async function catchUp({ home, server, chromium, tell }: Stage): Promise<WaitRow> {
  const folder = join(home, 'browser');
  const poster = await Poster.start(join(home, 'ana'), server.url, MISSED);
  try {
    const before = await openBrowserProfile(chromium, folder, VIEW);
    const page = await pageOf(before);
    await joinBy(page, poster.link);
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active !== null);
    await before.close();
    tell(`browser: ${MISSED} messages are sent`);
    await poster.posts();
  } finally {
    poster.stop();
  }
  const all: Return[] = [];
  for (let run = 0; run < RUNS; run++) {
    const copy = join(home, `browser-${run}`);
    await cp(folder, copy, { recursive: true });
    all.push(await comeBack(chromium, copy, `http://127.0.0.1:${server.port}/`));
  }
  const tasks = all.flatMap(({ longTasks }) => longTasks.map(({ ms }) => Math.round(ms)));
  const progress = all.map(firstProgress);
  return {
    case: `browser-catch-up-${MISSED}`,
    system: 'gochat',
    perSecond: median(all.map(({ liveMs }) => (MISSED * 1000) / liveMs)),
    cpuMsEach: median(all.map(({ cpuMs }) => cpuMs / MISSED)),
    pageMsEach: median(all.map(({ taskMs }) => taskMs / MISSED)),
    longestTaskMs: Math.max(0, ...tasks),
    longTasksMs: tasks,
    progressMs: median(progress.map(({ afterMs }) => afterMs)),
    progress: progress[0]?.text ?? '',
  };
}

interface Return extends PageRecord {
  readonly cpuMs: number;
  readonly taskMs: number;
}

async function comeBack(chromium: string, folder: string, address: string): Promise<Return> {
  const context = await openBrowserProfile(chromium, folder, VIEW);
  try {
    await watchPages(context);
    const page = await pageOf(context);
    const before = cpuMsOfBrowser(folder);
    let record: PageRecord | undefined;
    const taskMs = await taskTimeOf(page, async () => {
      await page.goto(address);
      record = await recordOf(page, WAIT_MS);
    });
    const cpuMs = cpuMsOfBrowser(folder) - before;
    // The list of rooms shows the newest message.
    const newest = `the kettle is on, for the time ${MISSED - 1}`;
    await page.getByText(newest).first().waitFor({ timeout: WAIT_MS });
    if (record === undefined) throw new Error('nothing was recorded');
    return { ...record, cpuMs, taskMs };
  } finally {
    await context.close();
  }
}

/** Of the processes of the browser that has its data in a folder. */
function cpuMsOfBrowser(folder: string): number {
  const root = descendants(process.pid).find((pid) => commandOf(pid).includes(`--user-data-dir=${folder}`));
  if (root === undefined) throw new Error('the browser has no process');
  return descendants(root).reduce((sum, pid) => sum + (cpuSecondsOf(pid) ?? 0) * 1000, 0);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

function firstProgress({ lines, enteredMs }: PageRecord): {
  readonly afterMs: number;
  readonly text: string;
} {
  const line = lines.find(({ text }) => PROGRESS.test(text));
  if (line === undefined || enteredMs === undefined) throw new Error('the page showed no progress');
  return { afterMs: line.atMs - enteredMs, text: line.text };
}

/** A new person follows an invite link, on a slow processor, until the others have the first message. */
async function firstMessage({ home, server, chromium, tell }: Stage): Promise<WaitRow> {
  const poster = await Poster.start(join(home, 'host'), server.url, 0);
  const times: number[] = [];
  try {
    for (let visit = 0; visit < FIRST_VISITS; visit++) {
      tell(`browser: first message, ${visit + 1} of ${FIRST_VISITS}`);
      const context = await openBrowserProfile(chromium, join(home, `new-${visit}`), VIEW);
      const page = await pageOf(context);
      const session = await context.newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
      const begun = performance.now();
      await joinBy(page, poster.link);
      await page.locator('#composer').fill('hello');
      await page.keyboard.press('Enter');
      await page.locator('.delivery.sent').waitFor();
      times.push(performance.now() - begun);
      await context.close();
    }
  } finally {
    poster.stop();
  }
  return { case: 'browser-first-message', system: 'gochat', ms: median(times) };
}

/** Does what a person does who has got a link, until the room is on the screen. */
async function joinBy(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.locator('input[name=as]').fill('ben');
  await page.keyboard.press('Enter');
  await page.locator('#composer:enabled').waitFor();
}

async function pageOf(context: BrowserContext): Promise<Page> {
  context.setDefaultTimeout(WAIT_MS);
  return context.pages()[0] ?? context.newPage();
}
