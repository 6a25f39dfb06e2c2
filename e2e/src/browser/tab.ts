import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChatEvent, Method, Params, Result } from '@gochat/client/methods';
import type { PageProfile } from '@gochat/client/open-browser';
import type { BrowserContext, Page } from 'playwright-core';
import { build } from 'rolldown';

interface Globals {
  openBrowserChat(): Promise<PageProfile>;
  profile: PageProfile;
  events: ChatEvent[];
}

/** Builds a page that only loads the SDK into a folder, for a server to send. */
export async function buildBarePage(folder: string): Promise<void> {
  const sdk = fileURLToPath(import.meta.resolve('@gochat/client/open-browser'));
  const entry = join(folder, 'entry.js');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(
    entry,
    `import { openBrowserChat } from ${JSON.stringify(sdk)};\nObject.assign(globalThis, { openBrowserChat });\n`,
  );
  const { output } = await build({
    input: { main: entry },
    platform: 'browser',
    write: false,
    logLevel: 'silent',
    output: { format: 'esm', entryFileNames: 'assets/[name].js', chunkFileNames: 'assets/[name]-[hash].js' },
  });
  for (const part of output)
    if (part.type === 'chunk') await writeFile(join(folder, part.fileName), part.code);
  const page =
    '<!doctype html><html lang="en"><title>GoChat</title><script type="module" src="/assets/main.js"></script>';
  await writeFile(join(folder, 'index.html'), page);
}

/** One tab of a browser, with its profile open. */
export class Tab {
  readonly page: Page;
  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: BrowserContext, address: string): Promise<Tab> {
    const page = await browser.newPage();
    await page.goto(address);
    await page.waitForFunction(() => 'openBrowserChat' in globalThis);
    await page.evaluate(async () => {
      const globals = globalThis as unknown as Globals;
      globals.events = [];
      globals.profile = await globals.openBrowserChat();
      globals.profile.on((event) => globals.events.push(event));
    });
    return new Tab(page);
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.page.evaluate(
      async ([name, given]) => (globalThis as unknown as Globals).profile.call(name as M, given as Params<M>),
      [method, params] as const,
    ) as Promise<Result<M>>;
  }

  async says(room: string, text: string): Promise<string> {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await this.call('queue', { room, id, content: { kind: 'text', text } });
    return id;
  }

  /** Is unloaded as the page is, in the middle of sending a text and of saving a draft. */
  async isUnloaded(room: string, text: string, draft: string): Promise<void> {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
    await this.page.evaluate(
      (given) => {
        const { profile } = globalThis as unknown as Globals;
        addEventListener('pagehide', () => {
          void profile.call('queue', {
            room: given.room,
            id: given.id,
            content: { kind: 'text', text: given.text },
          });
          void profile.call('note', { room: given.room, change: { draft: given.draft } });
          profile.keepUnanswered();
        });
      },
      { room, id, text, draft },
    );
    await this.page.goto('about:blank');
    await this.page.close();
  }

  async read(room: string): Promise<string[]> {
    const items = await this.call('history', { room, after: '0', limit: 500 });
    return items.filter((item) => item.kind === 'text').map((item) => `${item.from}: ${item.text}`);
  }

  /** Waits until this tab got an event with a message of this text. */
  async isTold(text: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        (globalThis as unknown as Globals).events.some(
          (event) =>
            event.kind === 'items' &&
            event.items.some((item) => item.kind === 'text' && item.text === wanted),
        ),
      text,
    );
  }

  /** Pauses the tab's scripts, as browsers do with background tabs. @returns what resumes them */
  async stop(): Promise<() => Promise<void>> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Debugger.enable');
    const stopped = new Promise<void>((resolve) => session.once('Debugger.paused', () => resolve()));
    await session.send('Debugger.pause');
    await stopped;
    return async () => {
      await session.send('Debugger.resume');
      await session.detach();
    };
  }
}
