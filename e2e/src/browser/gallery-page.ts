import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openMemory } from '@gochat/server/internal/log/memory/open';
import { loadAssets } from '@gochat/server/internal/net/assets';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import type { Actions } from '@gochat/view/actions';
import type { RoomScreen, Snapshot } from '@gochat/view/snapshot';
import { workers } from '@gochat/web/bundle';
import { bundle } from 'lightningcss';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'rolldown';
import { temporary } from '../people/people.ts';
import { BrowserPerson } from './browser-person.ts';

interface Globals {
  readonly gallery: { readonly calls: unknown[][]; show(snapshot: Snapshot): void; getSnapshot(): Snapshot };
  sampleOf(name: string): Snapshot | undefined;
  reopen?(fragment: string): boolean;
}

/** A real server, with its real policy, of a page that draws sample snapshots. */
export class GalleryServer {
  readonly url: string;
  readonly close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.close = close;
  }

  static async open(): Promise<GalleryServer> {
    const home = await temporary();
    await buildInto(home.path);
    const server = await serve({
      engine: openMemory(),
      host: '127.0.0.1',
      port: 0,
      names: [{ host: '127.0.0.1' }],
      assets: await loadAssets(home.path),
      logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
        .logger,
    });
    return new GalleryServer(`http://127.0.0.1:${server.port}/`, async () => {
      await server.close();
      await home.remove();
    });
  }

  /** Opens a sample; the name of a dialog's kind opens that dialog's sample, and `pseudo/NAME` a sample in pseudo-language. */
  async visit(browser: Browser, sample: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    const person = await BrowserPerson.open(context, this.#addressOf(sample));
    await drawn(person.page);
    return new Visitor(person);
  }

  /** Draws another sample from the start in the page of a visitor: much quicker than a new browser context. */
  async revisit(
    { person, page }: Visitor,
    sample: string,
    { viewport }: BrowserContextOptions = {},
  ): Promise<void> {
    person.forget();
    if (viewport) await page.setViewportSize(viewport);
    const isOpen = await page.evaluate(
      (fragment) => (globalThis as unknown as Globals).reopen?.(fragment) ?? false,
      `#${sample}`,
    );
    if (isOpen) return;
    // The address of the other sample alone would change the fragment only, and load nothing.
    await page.goto('about:blank');
    person.forget();
    await page.goto(this.#addressOf(sample));
    await drawn(page);
  }

  #addressOf(sample: string): string {
    return `${this.url}#${sample}`;
  }
}

async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(() => 'galleryIsDrawn' in globalThis);
}

const LOOKING: ReadonlySet<string> = new Set<keyof Actions>([
  'look',
  'seen',
  'loadEarlier',
  'picture',
  'attached',
]);

/** A browser page that shows samples. */
export class Visitor {
  readonly person: BrowserPerson;

  constructor(person: BrowserPerson) {
    this.person = person;
  }

  get page(): Page {
    return this.person.page;
  }

  /** The actions that the page asked the view for, each with its arguments, without those that only report what is visible, or ask for what it draws. */
  async calls(): Promise<unknown[][]> {
    return (await this.#all()).filter(([name]) => !LOOKING.has(String(name)));
  }

  async callsOf(action: keyof Actions): Promise<unknown[][]> {
    return (await this.#all()).filter(([name]) => name === action);
  }

  /** Waits until the page has drawn what it was shown last. */
  async isDrawn(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  /** Waits until the page has measured its rows and scrolled, and so changes no more: for three frames in a row. */
  async isSettled(): Promise<void> {
    await this.page.evaluate(
      (quiet) =>
        new Promise<void>((resolve) => {
          let left = quiet;
          const again = () => {
            left = quiet;
          };
          const changes = new MutationObserver(again);
          changes.observe(document.body, { subtree: true, childList: true, attributes: true });
          document.addEventListener('scroll', again, true);
          const next = () => {
            left--;
            if (left >= 0) return void requestAnimationFrame(next);
            changes.disconnect();
            document.removeEventListener('scroll', again, true);
            resolve();
          };
          requestAnimationFrame(next);
        }),
      3,
    );
  }

  #all(): Promise<unknown[][]> {
    return this.page.evaluate(() => (globalThis as unknown as Globals).gallery.calls);
  }

  /** Shows another sample, changed in some of its parts and in some of its room's. */
  async shows(
    sample: string,
    change: Partial<Snapshot> = {},
    inRoom: Partial<RoomScreen> = {},
  ): Promise<void> {
    await this.page.evaluate(
      ([name, parts, roomParts]) => {
        const { gallery, sampleOf } = globalThis as unknown as Globals;
        const base = sampleOf(name);
        if (base === undefined) throw new Error(`there is no sample ${name}`);
        const room = base.room && { ...base.room, ...roomParts };
        gallery.show({ ...base, room, ...parts });
      },
      [sample, change, inRoom] as const,
    );
  }
}

async function buildInto(folder: string): Promise<void> {
  const { output } = await build({
    input: { gallery: fileURLToPath(new URL('./gallery.tsx', import.meta.url)) },
    platform: 'browser',
    write: false,
    logLevel: 'silent',
    plugins: [workers],
    transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    output: { format: 'esm', entryFileNames: 'assets/[name].js', chunkFileNames: 'assets/[name]-[hash].js' },
  });
  await mkdir(join(folder, 'assets'));
  for (const part of output)
    if (part.type === 'chunk') await writeFile(join(folder, part.fileName), part.code);
  const { code } = bundle({ filename: fileURLToPath(import.meta.resolve('@gochat/web/styles.css')) });
  await writeFile(join(folder, 'assets', 'styles.css'), code);
  const page = await readFile(new URL(import.meta.resolve('@gochat/web/index.html')), 'utf8');
  await writeFile(
    join(folder, 'index.html'),
    page
      .replace(/<link rel="(?:icon|apple-touch-icon|manifest)"[^>]*>/g, '')
      .replace('"styles.css"', '"/assets/styles.css"')
      .replace('"main.ts"', '"/assets/gallery.js"'),
  );
}
