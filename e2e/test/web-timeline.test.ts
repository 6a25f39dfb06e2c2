import type { Snapshot } from '@gochat/view/snapshot';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findChromium, launchChromium } from '../src/chromium.ts';
import { GalleryServer, type Visitor } from '../src/gallery-page.ts';
import { type PageTask, tasksDuring } from '../src/page-tasks.ts';
import { BEN, longRoom, message } from '../src/samples.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'ten thousand messages on the page');
/** Above this a press of a key is felt to be late. */
const LONG_TASK_MS = 50;
const ROUNDS = 5;

const QUIET = { rows: [], more: false, loading: false, unreadKey: undefined, unread: 0, target: undefined };

describe.skipIf(chromium === undefined)('ten thousand messages on the page', () => {
  let browser: Browser;
  let gallery: GalleryServer;

  beforeAll(async () => {
    browser = await launchChromium(chromium ?? '');
    gallery = await GalleryServer.open();
  });
  afterAll(async () => {
    await browser?.close();
    await gallery?.close();
  });

  async function visits(sample: string): Promise<Visitor> {
    const visitor = await gallery.visit(browser, sample, { viewport: { width: 1440, height: 900 } });
    onTestFinished(() => visitor.person.close());
    return visitor;
  }

  /** Gives the open room other rows, made in the page so that nothing large is handed over. */
  async function changes(visitor: Visitor, change: 'prepend' | 'append' | 'aim', n = 1): Promise<void> {
    await visitor.page.evaluate(
      ([what, count]) => {
        const { gallery: view } = globalThis as unknown as {
          gallery: { show(snapshot: unknown): void; getSnapshot(): Snapshot };
        };
        const now = view.getSnapshot();
        if (now.room === undefined) throw new Error('no room is open');
        const { timeline } = now.room;
        const last = timeline.rows.at(-1);
        const made = Array.from({ length: count }, (_, i) => ({
          ...last,
          key: `${what}.${timeline.rows.length}.${i}`,
        }));
        const rows =
          what === 'prepend'
            ? [...made, ...timeline.rows]
            : what === 'append'
              ? [...timeline.rows, ...made]
              : timeline.rows;
        const target = what === 'aim' ? { key: timeline.rows[count]?.key, tick: count } : timeline.target;
        view.show({ ...now, room: { ...now.room, timeline: { ...timeline, rows, target } } });
      },
      [change, n] as const,
    );
    await settled(visitor);
  }

  const settled = (visitor: Visitor) =>
    visitor.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );

  /** The rows that are seen, each with where its top is. */
  const seen = (visitor: Visitor) =>
    visitor.page.evaluate(() => {
      const box = document.querySelector('.timeline')?.getBoundingClientRect();
      return [...document.querySelectorAll<HTMLElement>('.timeline [data-key]')]
        .map((row) => ({ key: row.dataset.key ?? '', box: row.getBoundingClientRect() }))
        .filter((row) => box !== undefined && row.box.bottom > box.top && row.box.top < box.bottom)
        .map((row) => [row.key, Math.round(row.box.top)] as const);
    });

  const scrolls = async (visitor: Visitor, by: number) => {
    await visitor.page.evaluate((pixels) => document.querySelector('.timeline')?.scrollBy(0, pixels), by);
    await settled(visitor);
    await settled(visitor);
  };

  test('only what is near the screen is in the document', async () => {
    const visitor = await visits('long');
    expect((await seen(visitor)).at(-1)?.[0]).toBe('9999.0');
    expect(await visitor.page.locator('[data-key]').count()).toBeLessThan(100);
  });

  test('at the end, what comes is followed', async () => {
    const visitor = await visits('long');
    await changes(visitor, 'append', 5);
    expect((await seen(visitor)).at(-1)?.[0]).toBe('append.10000.4');
    expect(await visitor.page.getByRole('button', { name: 'Jump to the newest message' }).count()).toBe(0);
  });

  test('scrolled up, the place is kept while messages come and while earlier ones are loaded', async () => {
    const visitor = await visits('long');
    await scrolls(visitor, -20_000);
    const before = await seen(visitor);
    expect(before.at(-1)?.[0]).not.toBe('9999.0');
    await changes(visitor, 'append', 3);
    expect(await seen(visitor)).toEqual(before);
    await changes(visitor, 'prepend', 50);
    expect(await seen(visitor)).toEqual(before);
    await visitor.page.getByRole('button', { name: /^Jump to the newest message/ }).click();
    expect((await visitor.told()).at(-1)).toEqual(['jumpToNewest']);
  });

  test('the place is kept when the window gets narrower', async () => {
    const visitor = await visits('long');
    await scrolls(visitor, -20_000);
    const [first] = await seen(visitor);
    await visitor.page.setViewportSize({ width: 1120, height: 900 });
    await settled(visitor);
    await settled(visitor);
    expect((await seen(visitor)).map(([key]) => key)).toContain(first?.[0]);
    expect(
      Math.abs(((await seen(visitor)).find(([key]) => key === first?.[0])?.[1] ?? 0) - (first?.[1] ?? 0)),
    ).toBeLessThan(2);
  });

  test('what is aimed at is brought to the screen, once', async () => {
    const visitor = await visits('long');
    await changes(visitor, 'aim', 5000);
    expect((await seen(visitor)).map(([key]) => key)).toContain('5000.0');
    expect(await visitor.page.locator('.marked').getAttribute('data-key')).toBe('5000.0');
    await scrolls(visitor, -3000);
    await changes(visitor, 'append', 1);
    expect((await seen(visitor)).map(([key]) => key)).not.toContain('5000.0');
  });

  test('a room opens where the new messages begin, with something of what was before', async () => {
    const visitor = await visits('empty');
    const rows = longRoom(200);
    const unread = { kind: 'unread', key: 'unread', text: 'New messages', spoken: 'New messages' } as const;
    const timeline = {
      ...QUIET,
      rows: [...rows.slice(0, 100), unread, ...rows.slice(100)],
      unreadKey: 'unread',
      unread: 100,
    };
    await visitor.shows('talking', {}, { timeline });
    await settled(visitor);
    const keys = (await seen(visitor)).map(([key]) => key);
    expect(keys.indexOf('unread')).toBeGreaterThan(0);
    expect(keys.indexOf('unread')).toBeLessThan(4);
    expect(
      await visitor.page.getByRole('button', { name: 'Jump to the newest message, 100 new' }).count(),
    ).toBe(1);
  });

  test('what was seen is told, and what comes before is asked for at the top', async () => {
    const visitor = await visits('empty');
    const rows = [message('1.0', BEN, 'the only one')];
    await visitor.page.bringToFront();
    await visitor.shows('talking', {}, { timeline: { ...QUIET, rows, more: true } });
    await expect.poll(() => visitor.toldOf('seen')).toContainEqual(['seen', '1.0']);
    expect(await visitor.toldOf('loadEarlier')).toContainEqual(['loadEarlier']);
  });

  test('a notice that is opened moves what stands below it, and nothing covers anything', async () => {
    const visitor = await visits('talking');
    await visitor.page.evaluate(() => document.querySelector('.timeline')?.scrollTo(0, 0));
    await visitor.page.getByText('ben and cleo joined by invite').click();
    await settled(visitor);
    await settled(visitor);
    const boxes = await visitor.page.evaluate(() =>
      [...document.querySelectorAll('.timeline [data-key]')].map((row) => row.getBoundingClientRect()),
    );
    for (const [i, box] of boxes.slice(1).entries())
      expect(box.top - (boxes[i]?.bottom ?? 0)).toBeGreaterThan(-1);
  });

  test('the keys stay with the timeline when the message that has the focus is scrolled away', async () => {
    const visitor = await visits('long');
    await visitor.page.locator('[data-key="9999.0"]').focus();
    await scrolls(visitor, -30_000);
    await visitor.page.keyboard.press('k');
    await expect
      .poll(() => visitor.page.evaluate(() => document.activeElement?.matches('article')))
      .toBe(true);
  });

  /** Scrolls, hears and writes. @returns the tasks that held the page up meanwhile */
  async function goesThrough(visitor: Visitor): Promise<PageTask[]> {
    const { page } = visitor;
    await settled(visitor);
    const tasks = await tasksDuring(browser, page, async () => {
      await page.mouse.move(700, 400);
      for (let i = 0; i < 25; i++) await page.mouse.wheel(0, -400);
      for (let i = 0; i < 5; i++) await changes(visitor, 'append', 1);
      await page.locator('#composer').focus();
      for (const letter of 'a message') await page.keyboard.press(letter);
      await page.evaluate(() => document.querySelector('.timeline')?.scrollTo({ top: 200_000 }));
      await settled(visitor);
    });
    return tasks.filter(({ ms }) => ms > LONG_TASK_MS);
  }

  test('a task that holds the page up is seen, by what it itself takes', async () => {
    const { page } = await visits('long');
    const [task, ...others] = await tasksDuring(browser, page, () =>
      page.evaluate(() => {
        // Long enough to get some of the processor on a machine that is busy.
        const until = performance.now() + 1_500;
        while (performance.now() < until);
      }),
    ).then((tasks) => tasks.sort((a, b) => b.ms - a.ms));
    expect(task?.ms).toBeGreaterThan(1_490);
    expect(task?.cpuMs).toBeGreaterThan(LONG_TASK_MS);
    expect(others.length).toBeGreaterThan(0);
  });

  test(`nothing holds the page up for ${LONG_TASK_MS} ms: scrolling, writing, new messages`, async () => {
    const visitor = await visits('long');
    // By the clock, a machine that does something else meanwhile holds everything up. The processor's time is the page's own; its
    // caches are shared all the same, and the first round is compiled as it goes: one round of several must be free of it.
    const rounds: PageTask[][] = [];
    const isFree = (tasks: readonly PageTask[]) => tasks.every(({ cpuMs }) => cpuMs <= LONG_TASK_MS);
    while (rounds.length < ROUNDS && !rounds.some(isFree)) rounds.push(await goesThrough(visitor));
    const told = rounds.map((tasks) => tasks.map(taskText).join(', ') || 'none').join('; ');
    process.stdout.write(`tasks longer than ${LONG_TASK_MS} ms among 10,000 messages, by round: ${told}\n`);
    expect(rounds.filter(isFree)).not.toEqual([]);
  });
});

function taskText({ ms, cpuMs }: PageTask): string {
  return `${ms.toFixed(0)} ms (${cpuMs.toFixed(0)} of the processor)`;
}
