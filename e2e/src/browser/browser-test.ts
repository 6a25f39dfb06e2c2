import type { BrowserContextOptions } from 'playwright-core';
import { test as base, describe } from 'vitest';
import { needed } from '../tool.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { GalleryServer, type Visitor } from './gallery-page.ts';

const chromium = needed(await findChromium(), 'tests in a browser');

/** A suite that is skipped where there is no Chromium. */
export const describeInBrowser = describe.skipIf(chromium === undefined);

const DESKTOP: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };

/**
 * A test with a browser. Nothing is started that no test of the file asks for.
 * `browser`: one running browser for all tests of a file. `gallery`: the server of the sample pages, also one for each file.
 * `look`: how samples are shown unless `visits` gets other options. `visits`: opens a sample, or a dialog's sample by the dialog's
 * kind; its browser context is closed after the test.
 */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern what a fixture needs
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launchChromium(chromium ?? '');
    onCleanup(() => browser.close());
    return browser;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('gallery', { scope: 'file' }, async ({}, { onCleanup }) => {
    const gallery = await GalleryServer.open();
    onCleanup(() => gallery.close());
    return gallery;
  })
  .extend('look', DESKTOP)
  .extend('visits', async ({ browser, gallery, look }, { onCleanup }) => {
    const visitors: Visitor[] = [];
    onCleanup(async () => {
      await Promise.all(visitors.map(({ person }) => person.close()));
    });
    return async (sample: string, options = look): Promise<Visitor> => {
      const visitor = await gallery.visit(browser, sample, options);
      visitors.push(visitor);
      return visitor;
    };
  });
