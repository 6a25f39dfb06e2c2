import type { BrowserContextOptions } from 'playwright-core';
import { test as base, describe } from 'vitest';
import { needed } from '../tool.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { GalleryServer, type Visitor } from './gallery-page.ts';

const chromium = needed(await findChromium(), 'tests in a browser');

/** A suite that is skipped where there is no Chromium. */
export const describeInBrowser = describe.skipIf(chromium === undefined);

/** A visitor between two tests. `key`: how samples are shown in its browser context. */
interface Waiting {
  readonly key: string;
  readonly visitor: Visitor;
}

const DESKTOP: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

/**
 * A test with a browser. Nothing is started that no test of the file asks for.
 * `browser`: one running browser for all test files of a process. `gallery`: the server of the sample pages, also one for each process.
 * `look`: how samples are shown unless `visits` gets other options. `visits`: opens a sample, or a dialog's sample by the dialog's
 * kind. Its browser context stays open for the next test that looks in the same way.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern what a fixture needs
  .extend('browser', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const browser = await launchChromium(chromium ?? '', 'together');
    onCleanup(() => browser.close());
    return browser;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('gallery', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const gallery = await GalleryServer.open();
    onCleanup(() => gallery.close());
    return gallery;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('waiting', { scope: 'file' }, ({}, { onCleanup }) => {
    const waiting: Waiting[] = [];
    onCleanup(async () => {
      await Promise.all(waiting.map(({ visitor }) => visitor.person.close()));
    });
    return waiting;
  })
  .extend('look', DESKTOP)
  .extend('visits', async ({ browser, gallery, waiting, look }, { onCleanup }) => {
    const visiting: Waiting[] = [];
    onCleanup(() => {
      waiting.push(...visiting);
    });
    return async (sample: string, options = look): Promise<Visitor> => {
      const key = JSON.stringify(options);
      const at = waiting.findIndex((one) => one.key === key);
      const [free] = at === -1 ? [] : waiting.splice(at, 1);
      const visitor = free?.visitor ?? (await gallery.visit(browser, sample, options));
      if (free !== undefined) await gallery.revisit(visitor, sample, options);
      // The timeline measures its rows and scrolls before it is as people see it.
      await visitor.isSettled();
      visiting.push({ key, visitor });
      return visitor;
    };
  });
