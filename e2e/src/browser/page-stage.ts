import { join } from 'node:path';
import { loadAssets } from '@gochat/server/internal/net/assets';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { Someone, startServer, type TestServer, temporary } from '../people/people.ts';
import { WebChat } from '../screens/chat-screen.ts';
import { buildGochat } from '../terminal/gochat-process.ts';
import { BrowserPerson } from './browser-person.ts';
import { launchChromium } from './chromium.ts';

const PAGE = join(import.meta.dirname, '../../../dist/web');

/** A server with the page, a browser, and a folder for profiles. */
export class PageStage {
  readonly #server: TestServer;
  /** Where the page is. */
  readonly address: string;
  readonly browser: Browser;
  readonly #home: Awaited<ReturnType<typeof temporary>>;
  readonly #people: Someone[] = [];

  private constructor(home: Awaited<ReturnType<typeof temporary>>, server: TestServer, browser: Browser) {
    this.#home = home;
    this.#server = server;
    this.address = `http://127.0.0.1:${server.port}/`;
    this.browser = browser;
  }

  /** Starts server and browser. @param chromium the path of the browser */
  static async open(...chromium: Parameters<typeof launchChromium>): Promise<PageStage> {
    buildGochat();
    const home = await temporary();
    const server = await startServer(join(home.path, 'server'), 0, {}, await loadAssets(PAGE));
    return new PageStage(home, server, await launchChromium(...chromium));
  }

  /** The folder of all profiles and files. */
  get home(): string {
    return this.#home.path;
  }

  /** Somebody without a browser. */
  async someone(name: string): Promise<Someone> {
    const one = await Someone.open(name, join(this.home, name));
    this.#people.push(one);
    return one;
  }

  /** Opens the page in a browser that has never been there, and doesn't ask where to save. @param address the page when absent */
  async visits(name: string, options: BrowserContextOptions = {}, address = this.address): Promise<WebChat> {
    const context = await this.browser.newContext({
      locale: 'en-GB',
      viewport: { width: 1200, height: 1000 },
      reducedMotion: 'reduce',
      ...options,
    });
    // The question can't be answered in a browser without windows.
    await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'showSaveFilePicker'));
    return new WebChat(name, await BrowserPerson.open(context, address));
  }

  async close(): Promise<void> {
    for (const one of this.#people) await one.close();
    await this.browser.close();
    await this.#server.stop();
    await this.#home.remove();
  }
}
